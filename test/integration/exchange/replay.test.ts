import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  expectInvalidGrant,
  grantOf,
  isActive,
  labWeb,
  newFamily,
  refreshForm,
  registerLab,
  renew,
  tokenRequest,
  tryRefresh,
} from '../../support/exchange.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { authorise, exchangeForm, type TokenAnswer } from '../../support/visitor.ts';

/** RT-01: a refresh token is used once. Its second use ends the family, unless it may be a client's retry. */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await registerLab(server);
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

const reuse = async (used: TokenAnswer) =>
  expectInvalidGrant(await tokenRequest(server, refreshForm(used.refresh_token)));

/** All that may be left of a family after its end. */
async function leftOf(grant: string): Promise<number> {
  const rows = await server.sql('SELECT id FROM oidc_artefacts WHERE grant_id = $1 OR id = $1', [grant]);
  return rows.length;
}

async function expectEnded(...family: readonly TokenAnswer[]): Promise<void> {
  for (const one of family) {
    expect(await isActive(server, one)).toBe(false);
    expect(await tryRefresh(server, one)).toBe('400 invalid_grant');
  }
}

describe('RT-01 a used refresh token, used again', () => {
  test('every refresh brings a new refresh token and a new access token', async () => {
    const { first } = await newFamily(server);
    const second = await renew(server, first);
    const third = await renew(server, second);
    const values = [first, second, third].flatMap((one) => [one.refresh_token, one.access_token]);
    expect(new Set(values).size).toBe(6);
  });

  test.each([0, 9])(
    'after %i s, its successor unused: refused, the family lives, the successor works',
    async (after) => {
      const { first } = await newFamily(server);
      const second = await renew(server, first);
      shiftTime(after);
      await reuse(first);
      await reuse(first);
      expect([await isActive(server, first), await isActive(server, second)]).toEqual([true, true]);
      const third = await renew(server, second);
      expect(await isActive(server, third)).toBe(true);
    },
  );

  test.each([11, 3600, 20 * 86_400])('after %i s, its successor unused: the family ends', async (after) => {
    const { first } = await newFamily(server);
    const second = await renew(server, first);
    const grant = await grantOf(server, second.access_token);
    shiftTime(after);
    await reuse(first);
    expect(await leftOf(grant)).toBe(0);
    await expectEnded(first, second);
  });

  test('at once, its successor used: the family ends', async () => {
    const { first } = await newFamily(server);
    const second = await renew(server, first);
    const third = await renew(server, second);
    await reuse(first);
    await expectEnded(first, second, third);
  });

  test('the grand-predecessor of an unused token, at once: the family ends', async () => {
    const { first } = await newFamily(server);
    const second = await renew(server, first);
    const third = await renew(server, second);
    const fourth = await renew(server, third);
    await reuse(second);
    await expectEnded(first, second, third, fourth);
  });

  test('by another client ends nothing, and is refused in the same words', async () => {
    const { first } = await newFamily(server);
    const second = await renew(server, first);
    shiftTime(11);
    expectInvalidGrant(await tokenRequest(server, refreshForm(first.refresh_token), labWeb));
    expect(await tryRefresh(server, second)).toBe('200');
  });

  test('for another scope ends the family all the same', async () => {
    const { first } = await newFamily(server);
    const second = await renew(server, first);
    shiftTime(11);
    const narrower = refreshForm(first.refresh_token, { scope: 'openid' });
    expectInvalidGrant(await tokenRequest(server, narrower));
    await expectEnded(second);
  });

  test('ends nothing in another browser', async () => {
    const { first } = await newFamily(server);
    const { first: elsewhere } = await newFamily(server);
    const second = await renew(server, first);
    shiftTime(11);
    await reuse(first);
    await expectEnded(second);
    expect(await tryRefresh(server, elsewhere)).toBe('200');
  });

  test('ends codes that are still to be exchanged, and the person authorises anew', async () => {
    const { first, visitor } = await newFamily(server);
    const waiting = await authorise(server, { visitor });
    await renew(server, first);
    shiftTime(11);
    await reuse(first);
    expectInvalidGrant(await tokenRequest(server, exchangeForm(waiting)));
    const { first: anew } = await newFamily(server, { visitor });
    expect(await isActive(server, anew)).toBe(true);
    expect(await tryRefresh(server, anew)).toBe('200');
  });
});

describe('RT-01 TK-01 what a replay leaves in the audit', () => {
  const ended = (grant: string) =>
    server.sql(`SELECT detail FROM audit_events WHERE type = 'grant.ended' AND detail->>'grant' = $1`, [
      grant,
    ]);

  test('a family that ended, with its reason, once', async () => {
    const { first } = await newFamily(server);
    const grant = await grantOf(server, first.access_token);
    await renew(server, first);
    shiftTime(11);
    await reuse(first);
    await reuse(first);
    expect(await ended(grant)).toEqual([{ detail: { grant, reason: 'replay' } }]);
    expect(await server.sql('SELECT ended_at FROM grants WHERE grant_id = $1', [grant])).toEqual([
      { ended_at: expect.any(Date) },
    ]);
  });

  test('nothing but the denial for a retry', async () => {
    const { first } = await newFamily(server);
    const grant = await grantOf(server, first.access_token);
    await renew(server, first);
    await reuse(first);
    expect(await ended(grant)).toEqual([]);
  });

  test('a replayed code has ended its grant, with a denial of the client', async () => {
    const { first, authorised } = await newFamily(server);
    const grant = await grantOf(server, first.access_token);
    const denials = () =>
      server.sql(`SELECT id FROM audit_events WHERE type = 'token.denied' AND client_id = 'kete-web'`);
    const before = (await denials()).length;
    expectInvalidGrant(await tokenRequest(server, exchangeForm(authorised)));
    expect(await ended(grant)).toHaveLength(1);
    expect(await denials()).toHaveLength(before + 1);
    expect(await leftOf(grant)).toBe(0);
  });
});
