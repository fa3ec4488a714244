import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, form, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { behindProxy, type Observation, observe } from './refusals.ts';

/**
 * Requests that a page on a foreign origin makes a browser send (TK-05 of the threat model): it may read no answer;
 * and the `Origin` header, which anybody can write, must not make a denial tell or record anything else than it would
 * without. Pages of public clients are in `public-pages.test.ts`.
 */

let server: TestServer;
let observations: ReadonlyMap<string, Observation>;

const grant = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
const page = { Origin: 'https://evil.example.test' };

const anonymous = [
  { story: 'a wrong secret', sent: form(grant, { ...basic('clinic-backend', 'wrong'), ...page }) },
  { story: 'an unknown client', sent: form(grant, { ...basic('nobody', 'wrong'), ...page }) },
  { story: 'client_id only', sent: form({ ...grant, client_id: 'clinic-backend' }, page) },
  { story: 'an unknown client_id only', sent: form({ ...grant, client_id: 'nobody' }, page) },
  { story: 'nothing at all', sent: form(grant, page) },
] as const;

const authenticated = [
  {
    story: 'good credentials',
    sent: form(grant, { ...basic('clinic-backend', 'demo-secret-clinic-backend'), ...page }),
  },
  {
    story: 'good credentials and a bad scope',
    sent: form(
      { ...grant, scope: 'everything' },
      { ...basic('clinic-backend', 'demo-secret-clinic-backend'), ...page },
    ),
  },
] as const;

function observed(story: string): Observation {
  const found = observations.get(story);
  if (found === undefined) throw new Error(`"${story}" was not observed`);
  return found;
}

beforeAll(async () => {
  server = await startServer(behindProxy);
  const refusal = { status: 400, error: '' } as const;
  observations = await observe(
    server,
    [...anonymous, ...authenticated].map((one) => ({ ...one, ...refusal })),
  );
});

afterAll(() => server.close());

describe('TK-05 a page on another origin', () => {
  test.for([...anonymous, ...authenticated])('cannot read the answer to $story', ({ story }) => {
    const { headers } = observed(story).answer;
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['cache-control']).toBe('no-store');
  });

  test.for(anonymous)('leaves with $story a count and no row in the audit', ({ story }) => {
    const { audited, counted, before, after } = observed(story);
    expect(audited).toEqual([]);
    expect(counted).toEqual([{ error: expect.any(String), count: 1 }]);
    expect(after).toEqual(before);
  });

  test.for([
    ['a wrong secret', 'an unknown client'],
    ['client_id only', 'an unknown client_id only'],
  ] as const)('cannot tell %s from %s', ([known, unknown]) => {
    const [first, second] = [known, unknown].map((story) => {
      const { status, body } = observed(story).answer;
      return { status, body };
    });
    expect(first).toEqual(second);
  });

  test.for(authenticated)('leaves with $story exactly one row in the audit', ({ story }) => {
    expect(observed(story).audited).toEqual([expect.objectContaining({ client_id: 'clinic-backend' })]);
  });

  test('is not invited by a preflight to send credentials', async () => {
    const answer = await send(server, {
      method: 'OPTIONS',
      headers: {
        ...page,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization',
      },
    });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    expect(answer.body).toBe('');
  });
});
