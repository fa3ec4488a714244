import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  expectInvalidGrant,
  isActive,
  keteSpa,
  labChange,
  labWeb,
  lasting,
  newFamily,
  outcome,
  refreshForm,
  registerLab,
  renew,
  spaChange,
  tokenRequest,
  tryRefresh,
} from '../../support/exchange.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { introspect, type TokenAnswer, usualScope } from '../../support/visitor.ts';

/** What a refresh token brings, and to whom. */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await registerLab(server);
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

async function refreshWith(from: TokenAnswer, scope: string): Promise<TokenAnswer> {
  const answer = await tokenRequest(server, refreshForm(from.refresh_token, { scope }));
  expect(answer.status).toBe(200);
  return JSON.parse(answer.body) as TokenAnswer;
}

describe('the answer to a refresh', () => {
  test('says whose record it opens, for how long, and for what; and no cache may keep it', async () => {
    const { first } = await newFamily(server);
    const answer = await tokenRequest(server, refreshForm(first.refresh_token));
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
    expect(JSON.parse(answer.body)).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      id_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 600,
      scope: usualScope,
      patient: 'p-aroha',
      need_patient_banner: false,
    });
  });

  test('has an id_token of the same person, who signed in when she did', async () => {
    const { first } = await newFamily(server, { change: { max_age: '3600' } });
    shiftTime(3600);
    const second = await renew(server, first);
    const [before, after] = [first, second].map((one) => decodeJwt(one.id_token ?? ''));
    expect(before?.auth_time).toEqual(expect.any(Number));
    expect(after).toMatchObject({
      iss: server.issuer,
      aud: 'kete-web',
      sub: 'aroha',
      fhirUser: `${server.issuer}/demo/fhir/r4/Patient/p-aroha`,
      auth_time: before?.auth_time,
    });
    expect((after?.iat ?? 0) - (before?.iat ?? 0)).toBeGreaterThanOrEqual(3600);
  });

  test('has no id_token where openid was not asked for', async () => {
    const scope = 'launch/patient offline_access patient/Patient.rs';
    const { first } = await newFamily(server, { change: { scope } });
    const second = await renew(server, first);
    expect([first, second].map((one) => one.id_token)).toEqual([undefined, undefined]);
    expect(second).toMatchObject({ scope, patient: 'p-aroha' });
  });

  test('opens the record of the person it belongs to', async () => {
    const { first } = await newFamily(server, { identifier: 'hana@example.test' });
    const second = await renew(server, first);
    expect(second.patient).toBe('p-hana');
    expect(await introspect(server, second.access_token)).toMatchObject({ sub: 'hana', patient: 'p-hana' });
  });

  test('leaves the access token before it alone until that expires', async () => {
    const { first } = await newFamily(server);
    await renew(server, first);
    expect(await isActive(server, first)).toBe(true);
    shiftTime(601);
    expect(await isActive(server, first)).toBe(false);
  });
});

describe('RT-02 the refresh token of another client', () => {
  test.each([
    ['a confidential one', labWeb],
    ['one that runs in a browser', keteSpa],
  ])('is refused to %s, and its family is untouched', async (_what, thief) => {
    const { first } = await newFamily(server);
    expectInvalidGrant(await tokenRequest(server, refreshForm(first.refresh_token), thief));
    expect(await isActive(server, first)).toBe(true);
    expect(await tryRefresh(server, first)).toBe('200');
  });

  test('of one that runs in a browser is refused to a confidential one', async () => {
    const { first } = await newFamily(server, { change: spaChange, client: keteSpa });
    expectInvalidGrant(await tokenRequest(server, refreshForm(first.refresh_token)));
    expect(await tryRefresh(server, first, keteSpa)).toBe('200');
  });
});

describe('RT-02 the scope of a refresh', () => {
  test('may be narrower, and the whole again afterwards', async () => {
    const { first } = await newFamily(server);
    const narrow = 'openid launch/patient patient/Patient.rs';
    const second = await refreshWith(first, narrow);
    expect(second).toMatchObject({ scope: narrow, patient: 'p-aroha', refresh_token: expect.any(String) });
    expect(await introspect(server, second.access_token)).toMatchObject({ active: true, scope: narrow });
    expect(await renew(server, second)).toMatchObject({ scope: usualScope });
  });

  test.each([
    ['a scope of the client that was not asked for', 'patient/MedicationRequest.rs'],
    ['a wider scope of the same kind', 'patient/*.rs'],
    ['a scope that the client may not have', 'system/Patient.rs'],
    ['a scope that nobody knows', 'everything'],
    ['introspect', 'introspect'],
  ])('must not be wider: %s', async (_what, more) => {
    const { first } = await newFamily(server);
    const answer = await tokenRequest(server, refreshForm(first.refresh_token, { scope: `openid ${more}` }));
    expect(outcome(answer)).toBe('400 invalid_scope');
    expect(await tryRefresh(server, first)).toBe('200');
  });

  test('never holds what the person refused', async () => {
    const refused = 'patient/Observation.rs';
    const { first } = await newFamily(server, { identifier: 'tom@example.test', without: [refused] });
    expect(first.scope.split(' ')).not.toContain(refused);
    const second = await renew(server, first);
    expect(second.scope).toBe(first.scope);
    const answer = await tokenRequest(server, refreshForm(second.refresh_token, { scope: refused }));
    if (answer.status === 200) expect(JSON.parse(answer.body)).toMatchObject({ scope: '' });
    else expect(outcome(answer)).toBe('400 invalid_scope');
  });

  test('without patient scopes names no patient', async () => {
    const { first } = await newFamily(server);
    const second = await refreshWith(first, 'openid fhirUser');
    expect(second.scope).toBe('openid fhirUser');
    expect(await introspect(server, second.access_token)).toMatchObject({
      active: true,
      scope: 'openid fhirUser',
    });
  });
});

describe('whether there is a refresh token', () => {
  test.each([
    ['offline_access', true],
    ['online_access', true],
    [undefined, false],
  ] as const)('asked for with %s: %s', async (word, expected) => {
    const { first } = await newFamily(server, {
      change: { ...labChange, scope: lasting(word) },
      client: labWeb,
    });
    expect(first.refresh_token !== undefined).toBe(expected);
    expect(await isActive(server, first)).toBe(true);
  });
});
