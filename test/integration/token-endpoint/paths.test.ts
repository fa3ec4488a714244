import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, form, type Sent, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { behindProxy, type Observation, observe, tally } from './refusals.ts';

/**
 * Other spellings of the endpoint's path. A router may take them for the same place; then everything that
 * goes around the endpoint has to do so too. No token without a record, whichever way it was asked for.
 */

const paths = [
  '/token/',
  '/TOKEN',
  '/Token',
  '/token/?a=b',
  '/tokeN/',
  '/%74oken',
  '/x/../token',
  '/token//',
];

let server: TestServer;
let denials: ReadonlyMap<string, Observation>;

const grant = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');

const at = (path: string, sent: Sent): Sent => ({ ...sent, path });

beforeAll(async () => {
  server = await startServer(behindProxy);
  const expected = { status: 401, error: 'invalid_client' } as const;
  denials = await observe(
    server,
    paths.map((path) => ({
      story: path,
      sent: at(path, form(grant, { ...basic('clinic-backend', 'wrong'), Accept: 'text/html' })),
      ...expected,
    })),
  );
});

afterAll(() => server.close());

describe('TK-05 another spelling of /token', () => {
  test.for(paths)('%s gives no token without its audit row', async (path) => {
    const before = await tally(server);
    const answer = await send(server, at(path, form(grant, clinic)));
    const after = await tally(server);
    if (answer.status === 404) {
      expect(after).toEqual(before);
      return;
    }
    expect(answer).toMatchObject({ status: 200 });
    const { jti } = decodeJwt((JSON.parse(answer.body) as { access_token: string }).access_token);
    const rows = await server.sql(
      "SELECT client_id FROM audit_events WHERE type = 'token.issued' AND token_id = $1",
      [jti],
    );
    expect(rows).toEqual([{ client_id: 'clinic-backend' }]);
  });

  test.for(paths)('%s counts a denial, and answers in JSON, or is no endpoint at all', (path) => {
    const seen = denials.get(path);
    if (seen === undefined) throw new Error(`${path} was not observed`);
    const { answer, audited, counted, before, after } = seen;
    expect(audited).toEqual([]);
    expect(after).toEqual(before);
    if (answer.status === 404) return;
    expect(answer).toMatchObject({ status: 401 });
    expect(answer.headers['content-type']).toMatch(/^application\/json\b/);
    expect(counted).toEqual([{ error: 'invalid_client', count: 1 }]);
  });
});
