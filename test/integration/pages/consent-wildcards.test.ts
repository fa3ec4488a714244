import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { allow, authorise, exchange } from '../../support/visitor.ts';
import { begin, beginSignedIn, linesOf, responseOf, visit } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const who = 'openid launch/patient';
const all = 'patient/*.rs';
const observation = 'patient/Observation.rs';
const condition = 'patient/Condition.rs';

const asking = (...parts: string[]) => ({ scope: [who, ...parts].join(' ') });

async function statusOf(token: string, identity: string): Promise<number> {
  const url = `${server.issuer}/demo/fhir/r4/Observation?patient=${identity}`;
  return (await fetch(url, { headers: { Authorization: `Bearer ${token}` } })).status;
}

describe('a request for the whole record and for a part of it', () => {
  test('CO-02 shows one line, because the part could not be refused beside it', async () => {
    const { page } = await beginSignedIn(server, { change: asking(all, observation) });
    const { ticked, unticked } = linesOf(page);
    expect([...ticked, ...unticked].filter((scope) => scope.startsWith('patient/'))).toEqual([all]);
    // And what that means here.
    expect(page.html).toContain('At the moment, that is:');
    for (const kind of ['vaccinations', 'appointments', 'illnesses and conditions'])
      expect(page.html).toContain(`<li>${kind}</li>`);
  });

  test('allowed, the part is granted with the whole', async () => {
    const change = asking(all, observation);
    const authorised = await authorise(server, {
      visitor: visit(server),
      change,
      identifier: 'mere@example.test',
    });
    expect((await exchange(server, authorised)).scope).toBe(change.scope);
  });

  test('refused, the part is refused with the whole', async () => {
    const identifier = 'tom@example.test';
    const change = asking('profile', all, observation);
    const visitor = visit(server);
    const { page } = await beginSignedIn(server, { visitor, change, identifier });
    const again = await allow(visitor, page, [all]);
    expect(again.html).toContain('Tick at least one part of the health record');
  });
});

describe('AZ-07 a part that she refused is not to be had by another spelling', () => {
  test('who refused a part sees the whole unticked', async () => {
    const identifier = 'hana@example.test';
    const visitor = visit(server);
    const change = asking(observation, condition);
    await authorise(server, { visitor, identifier, change, without: [observation] });
    const { page } = await begin(server, { visitor, change: asking(all) });
    expect(linesOf(page).unticked).toEqual([all]);
    const silent = await begin(server, { visitor, change: { ...asking(all), prompt: 'none' } });
    expect(responseOf(silent.page).get('error')).toBe('consent_required');
  });

  test('who allowed the whole, and then refused a part of it, is asked before the whole is granted again', async () => {
    const identifier = 'wiremu@example.test';
    const visitor = visit(server);
    const old = await exchange(server, await authorise(server, { visitor, identifier, change: asking(all) }));
    expect(await statusOf(old.access_token, 'p-wiremu')).toBe(200);
    const again = { ...asking(observation, condition), prompt: 'consent' };
    await authorise(server, { visitor, change: again, without: [observation] });
    const silent = await begin(server, { visitor, change: { ...asking(all), prompt: 'none' } });
    expect(responseOf(silent.page).get('error')).toBe('consent_required');
    // What came from the decision that she took back is over.
    expect(await statusOf(old.access_token, 'p-wiremu')).toBe(401);
  });
});
