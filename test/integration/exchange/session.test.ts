import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  isActive,
  labChange,
  labWeb,
  lasting,
  newFamily,
  registerLab,
  renew,
  tokenRequest,
  tryRefresh,
} from '../../support/exchange.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { authorise, exchangeForm, formTo, type Visitor } from '../../support/visitor.ts';

/** Tokens and the session: `online_access` ends with it, `offline_access` outlives it. */

const HOUR = 3600;

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await registerLab(server);
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

const start = (word?: 'offline_access' | 'online_access') =>
  newFamily(server, { change: { ...labChange, scope: lasting(word) }, client: labWeb });

async function signOut(visitor: Visitor): Promise<void> {
  const form = formTo(await visitor.get(`${server.issuer}/session/end`), '/session/end/confirm');
  const done = await visitor.post(form.action, [...form.fields, ['logout', 'yes']]);
  expect(done.status).toBe(303);
}

describe('SE-04 signing out', () => {
  test('ends what was asked for with online_access: access token and refresh token', async () => {
    const { first, visitor } = await start('online_access');
    const second = await renew(server, first, labWeb);
    await signOut(visitor);
    expect([await isActive(server, first), await isActive(server, second)]).toEqual([false, false]);
    expect(await tryRefresh(server, second, labWeb)).toBe('400 invalid_grant');
  });

  test('ends the access token of who asked for neither', async () => {
    const { first, visitor } = await start();
    expect(await isActive(server, first)).toBe(true);
    await signOut(visitor);
    expect(await isActive(server, first)).toBe(false);
  });

  test('leaves what was asked for with offline_access', async () => {
    const { first, visitor } = await start('offline_access');
    await signOut(visitor);
    expect(await isActive(server, first)).toBe(true);
    const second = await renew(server, first, labWeb);
    expect(await isActive(server, second)).toBe(true);
    expect(await tryRefresh(server, second, labWeb)).toBe('200');
  });

  test('ends a code of online_access that waits to be exchanged', async () => {
    const change = { ...labChange, scope: lasting('online_access') };
    const { visitor } = await start('online_access');
    const waiting = await authorise(server, { change, visitor });
    await signOut(visitor);
    const { status, body } = await tokenRequest(server, exchangeForm(waiting), labWeb);
    expect({ status, body: JSON.parse(body) }).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
  });

  test('in one browser leaves the other alone', async () => {
    const { first } = await start('online_access');
    const { visitor } = await start('online_access');
    await signOut(visitor);
    expect(await isActive(server, first)).toBe(true);
    expect(await tryRefresh(server, first, labWeb)).toBe('200');
  });

  test('is the end of a family once, in the audit', async () => {
    const { visitor } = await start('online_access');
    const ended = async () =>
      (await server.sql(`SELECT id FROM audit_events WHERE type = 'grant.ended'`)).length;
    const before = await ended();
    await signOut(visitor);
    expect(await ended()).toBe(before + 1);
  });
});

describe('SE-04 the end of a session by itself', () => {
  test('an hour in which nothing was authorised ends online_access', async () => {
    const { first } = await start('online_access');
    shiftTime(HOUR - 60);
    const second = await renew(server, first, labWeb);
    shiftTime(HOUR + 5);
    expect(await isActive(server, second)).toBe(false);
    expect(await tryRefresh(server, second, labWeb)).toBe('400 invalid_grant');
  });

  test('twelve hours after the password end online_access, however busy the browser was', async () => {
    const { first, visitor } = await start('online_access');
    let latest = first;
    for (let hours = 0.5; hours < 12; hours += 0.5) {
      shiftTime(hours * HOUR);
      await authorise(server, { change: { ...labChange, scope: lasting('online_access') }, visitor });
      if (hours % 2 === 0) latest = await renew(server, latest, labWeb);
    }
    shiftTime(12 * HOUR + 5);
    expect(await tryRefresh(server, latest, labWeb)).toBe('400 invalid_grant');
  });

  test('ends nothing of offline_access', async () => {
    const { first } = await start('offline_access');
    shiftTime(13 * HOUR);
    const second = await renew(server, first, labWeb);
    expect(await isActive(server, second)).toBe(true);
    expect(await tryRefresh(server, second, labWeb)).toBe('200');
  });
});
