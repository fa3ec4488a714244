import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { redeem, refreshForm, renew, tokenRequest } from '../../support/exchange.ts';
import {
  chooseRole,
  clinicalRole,
  healthRole,
  practise,
  wardApp,
  wardChange,
  wardTokens,
} from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { createVisitor, type TokenAnswer, type Visitor } from '../../support/visitor.ts';
import { linesOf, responseOf } from '../pages/steps.ts';
import { beginWard, expectConsentPage, expectRolePage } from './role-page.ts';

/** A decision holds for the role in which it was made, and what came of it says that role for good. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const userOf = ({ access_token: token }: TokenAnswer) =>
  String(decodeJwt(token).requesting_user).split('|')[1];

/** Opens the request again in a browser and chooses a role. */
async function again(visitor: Visitor, role: string, change: Readonly<Record<string, string>> = {}) {
  const begun = await beginWard(server, visitor, change);
  expectRolePage(begun.page);
  return { ...begun, page: await chooseRole(visitor, begun.page, role) };
}

describe('one browser, one role after the other', () => {
  test('is asked for the role each time, and for consent once a role', async () => {
    const { visitor, authorised } = await practise(server);
    expect(authorised).toBeDefined();
    expect(responseOf((await again(visitor, clinicalRole)).page).has('code')).toBe(true);
    expectConsentPage((await again(visitor, healthRole)).page);
    await practise(server, { visitor, role: healthRole });
    for (const role of [healthRole, clinicalRole])
      expect(responseOf((await again(visitor, role)).page).has('code')).toBe(true);
  });

  test('in another browser, the decisions hold as well', async () => {
    const visitor = createVisitor(server.issuer);
    expect((await practise(server, { visitor })).authorised).toBeDefined();
    expect(responseOf((await again(visitor, healthRole)).page).has('code')).toBe(true);
  });

  test('what is refused in one role is not refused in the other', async () => {
    const visitor = createVisitor(server.issuer);
    const change = { ...wardChange, scope: 'offline_access user/List.read user/List.write' };
    await practise(server, { visitor, change, without: ['user/List.write'] });
    const other = await again(visitor, healthRole, { scope: change.scope });
    expect(linesOf(other.page).ticked).toContain('user/List.write');
    const same = await again(visitor, clinicalRole, { scope: change.scope, prompt: 'consent' });
    expect(linesOf(same.page).unticked).toContain('user/List.write');
  });

  test('every consent says its role, and one is alive for each', async () => {
    expect(
      await server.sql(
        `SELECT role, reason FROM consents WHERE client_id = 'ward-app' AND ended_at IS NULL ORDER BY role, reason`,
      ),
    ).toEqual([
      { role: 'priya-fernhill-clinical', reason: 'directcare' },
      { role: 'priya-fernhill-professional', reason: 'directcare' },
    ]);
  });
});

describe('two roles in one browser', () => {
  test('the tokens of each say their own role, refreshed ones too', async () => {
    const visitor = createVisitor(server.issuer);
    let clinical = await wardTokens(server, { visitor, role: clinicalRole });
    let health = await wardTokens(server, { visitor, role: healthRole });
    expect([userOf(clinical), userOf(health)]).toEqual([clinicalRole, healthRole]);
    for (let round = 0; round < 3; round += 1) {
      clinical = await renew(server, clinical, wardApp);
      health = await renew(server, health, wardApp);
      expect([userOf(clinical), userOf(health)]).toEqual([clinicalRole, healthRole]);
    }
  });

  test('codes that wait side by side say the role of their own page', async () => {
    const visitor = createVisitor(server.issuer);
    const clinical = await practise(server, { visitor, role: clinicalRole });
    const health = await practise(server, { visitor, role: healthRole });
    if (clinical.authorised === undefined || health.authorised === undefined) throw new Error('no code');
    const tokens = [
      await redeem(server, clinical.authorised, wardApp),
      await redeem(server, health.authorised, wardApp),
    ];
    expect(tokens.map(userOf)).toEqual([clinicalRole, healthRole]);
  });

  test('a replayed code of one ends its family alone', async () => {
    const visitor = createVisitor(server.issuer);
    const health = await wardTokens(server, { visitor, role: healthRole });
    const { authorised } = await practise(server, { visitor, role: clinicalRole });
    if (authorised === undefined) throw new Error('no code');
    const clinical = await redeem(server, authorised, wardApp);
    await expect(redeem(server, authorised, wardApp)).rejects.toThrow('invalid_grant');
    const refresh = ({ refresh_token: token }: TokenAnswer) =>
      tokenRequest(server, refreshForm(token), wardApp);
    expect((await refresh(clinical)).status).toBe(400);
    expect((await refresh(health)).status).toBe(200);
  });

  test('access for the session only ends when the other role is taken on, and nothing of it says the other', async () => {
    const visitor = createVisitor(server.issuer);
    const change = { ...wardChange, scope: 'openid user/Flag.read' };
    const first = await wardTokens(server, { visitor, change, role: clinicalRole });
    const second = await wardTokens(server, { visitor, change, role: healthRole });
    expect([userOf(first), userOf(second)]).toEqual([clinicalRole, healthRole]);
    expect([first.refresh_token, second.refresh_token]).toEqual([undefined, undefined]);
  });
});

test('another person at the same browser decides herself, in her own role', async () => {
  const { visitor } = await practise(server);
  const { page } = await practise(server, {
    visitor,
    identifier: 'rangi@example.test',
    change: { ...wardChange, prompt: 'login' },
  });
  expect(page.html).toContain('Someone else was signed in here');
  expect(page.html).not.toContain('Shah');
});
