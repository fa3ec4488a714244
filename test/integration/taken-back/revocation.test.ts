import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import {
  type Credentials,
  digest,
  expectInvalidGrant,
  grantOf,
  newFamily,
  refreshForm,
  registerLab,
  renew,
  tokenRequest,
} from '../../support/exchange.ts';
import { type Answer, form, register, send } from '../../support/fixtures.ts';
import { assertUser, clinicTokens, userContext } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { endings, expectDone, listed, revoke } from '../../support/taken-back.ts';
import { shiftTime } from '../../support/time.ts';
import { exchangeForm, keteWeb, type TokenAnswer } from '../../support/visitor.ts';
import { addNotes, askedBy, isActiveAt, notesChange, notesWeb } from '../attacks/jwts.ts';
import { backEnd, createProofKey, prove, registerClients } from '../dpop/proof.ts';
import { expectInactive } from '../exchange/introspection.ts';
import { tokensIn } from '../keys/swaps.ts';
import { type Family, families, familyGrant, jtiOf } from './families.ts';

/** Tokens that their client takes back (RFC 7009): what ends with them, and what does not. */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await addNotes(server);
  await registerLab(server);
  await registerClients(server);
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

const isJwt = (token: string) => token.includes('.');
const nameOf = (token: string) => (isJwt(token) ? jtiOf(token) : digest(token));

const hints = [undefined, 'access_token', 'refresh_token', 'id_token'] as const;
const hinted = (hint: string | undefined): Readonly<Record<string, string>> =>
  hint === undefined ? {} : { token_type_hint: hint };

describe.for(families)('$what', ({ api, client, start, code: waitingCode }) => {
  const isActive = ({ access_token: token }: TokenAnswer) => isActiveAt(server, api, token);
  const expectDead = async ({ access_token: token }: TokenAnswer) =>
    expectInactive(await askedBy(server, api, token));
  const tryRefresh = ({ refresh_token: token }: TokenAnswer) =>
    tokenRequest(server, refreshForm(token), client);

  async function begin(): Promise<Family & { next: TokenAnswer; grant: string }> {
    const family = await start(server);
    const next = await renew(server, family.first, client);
    return { ...family, next, grant: await familyGrant(server, family) };
  }

  const consents = async () => {
    const [row] = await server.sql<{ all: number; live: number }>(
      `SELECT count(*)::int AS all, count(*) FILTER (WHERE ended_at IS NULL)::int AS live FROM consents
       WHERE client_id = $1`,
      [client[0]],
    );
    return row;
  };

  test('end with their refresh token, all of them, and the audit says so', async () => {
    const { first, next, grant } = await begin();
    expectDone(await revoke(server, next.refresh_token, client));
    for (const one of [first, next]) {
      await expectDead(one);
      expectInvalidGrant(await tryRefresh(one));
    }
    const left = await server.sql('SELECT model FROM oidc_artefacts WHERE grant_id = $1 OR id = $1', [grant]);
    expect(left).toEqual([]);
    expect(await listed(server, grant)).toEqual([{ kind: 'grant' }]);
    const nobody = { client_id: null, api_id: null, token_id: null };
    expect(await endings(server, grant)).toEqual([
      { type: 'grant.ended', ...nobody, detail: { grant, reason: 'revoked' } },
      {
        type: 'token.revoked',
        client_id: client[0],
        api_id: null,
        token_id: digest(next.refresh_token ?? ''),
        detail: { kind: 'RefreshToken', grant },
      },
    ]);
  });

  test('end with a code of the same grant that nobody has used yet', async () => {
    const { first, authorised } = await begin();
    const { visitor } = authorised;
    const waiting = await waitingCode(server, visitor);
    expect(await familyGrant(server, { first, authorised })).toBe(await grantOf(server, waiting.code));
    expectDone(await revoke(server, first.refresh_token, client));
    expectInvalidGrant(await tokenRequest(server, exchangeForm(waiting), client));
    await expectDead(first);
  });

  test('end with a refresh token of theirs that was used before', async () => {
    const { first, next, grant } = await begin();
    expectDone(await revoke(server, first.refresh_token, client));
    for (const one of [first, next]) await expectDead(one);
    expectInvalidGrant(await tryRefresh(next));
    expect(await listed(server, grant)).toEqual([{ kind: 'grant' }]);
  });

  test.for(hints)('end with their refresh token, called a %s', async (hint) => {
    const { first } = await start(server);
    expectDone(await revoke(server, first.refresh_token, client, hinted(hint)));
    await expectDead(first);
    expectInvalidGrant(await tryRefresh(first));
  });

  test('of another sign-in live on', async () => {
    const [one, other] = [await start(server), await start(server)];
    expectDone(await revoke(server, one.first.refresh_token, client));
    expect(await isActive(other.first)).toBe(true);
    expect(await tryRefresh(other.first)).toMatchObject({ status: 200 });
  });

  test('can be had again without asking: the decision was not taken back, and the old ones stay dead', async () => {
    const { first, authorised, grant } = await begin();
    const before = await consents();
    expectDone(await revoke(server, first.refresh_token, client));
    const again = await start(server, authorised.visitor);
    expect(await consents()).toEqual(before);
    expect(await familyGrant(server, again)).not.toBe(grant);
    expect(await isActive(again.first)).toBe(true);
    await expectDead(first);
  });

  test.for(hints)('end alone where an access token is taken back, called a %s', async (hint) => {
    const { first, next, grant } = await begin();
    expectDone(await revoke(server, first.access_token, client, hinted(hint)));
    await expectDead(first);
    expect(await isActive(next)).toBe(true);
    const third = await renew(server, next, client);
    expect(await isActive(third)).toBe(true);
    const jwt = isJwt(first.access_token);
    expect(await endings(server, grant)).toEqual([
      {
        type: 'token.revoked',
        client_id: client[0],
        api_id: jwt ? api : null,
        token_id: nameOf(first.access_token),
        detail: { kind: jwt ? 'JWT' : 'AccessToken', grant },
      },
    ]);
    expect(await listed(server, grant)).toEqual([]);
    expect(await listed(server, nameOf(first.access_token))).toEqual(jwt ? [{ kind: 'token' }] : []);
  });

  test('are taken back once: the second time nothing happens, and the answer is the same', async () => {
    for (const value of ['access_token', 'refresh_token'] as const) {
      const { first, grant } = await begin();
      expectDone(await revoke(server, first[value], client));
      const before = await endings(server, grant);
      for (let time = 0; time < 3; time += 1) expectDone(await revoke(server, first[value], client));
      expect(await endings(server, grant)).toEqual(before);
    }
  });

  test('that have ended by themselves are nothing to take back', async () => {
    const { first, grant } = await begin();
    shiftTime(700);
    expectDone(await revoke(server, first.access_token, client));
    expect(await endings(server, grant)).toEqual([]);
    expect(await listed(server, nameOf(first.access_token))).toEqual([]);
  });

  test('stay known as taken back until they would have ended', async () => {
    const { first } = await begin();
    expectDone(await revoke(server, first.access_token, client));
    for (const later of [60, 200, 290]) {
      shiftTime(later);
      await expectDead(first);
    }
  });
});

describe('a token of a system', () => {
  const tokenIn = (answer: Answer) => tokensIn(answer).access_token;
  const wish = (scope: string, resource?: string): Record<string, string> => ({
    grant_type: 'client_credentials',
    scope,
    ...(resource === undefined ? {} : { resource }),
  });
  const fhirBase = () => `${server.issuer}/demo/fhir/r4`;
  const obtain = async (parameters: Record<string, string>, client: Credentials) =>
    tokenIn(await tokenRequest(server, parameters, client));

  const kinds: readonly (readonly [string, string, () => Record<string, string>])[] = [
    [
      'a JWT',
      'reasonable-adjustments',
      () => wish('system/Flag.read', 'https://spine.example.test/raflags/STU3'),
    ],
    ['opaque', 'demo-fhir', () => wish('system/Patient.rs', fhirBase())],
  ];

  describe.for(kinds)('%s', ([, api, parameters]) => {
    test.for(hints)('ends alone, called a %s', async (hint) => {
      const [one, other] = [await obtain(parameters(), backEnd), await obtain(parameters(), backEnd)];
      expectDone(await revoke(server, one, backEnd, hinted(hint)));
      expectInactive(await askedBy(server, api, one));
      expect(await isActiveAt(server, api, other)).toBe(true);
      const rows = (await endings(server)).filter((row) => row.token_id === nameOf(one));
      expect(rows).toEqual([
        {
          type: 'token.revoked',
          client_id: backEnd[0],
          api_id: isJwt(one) ? api : null,
          token_id: nameOf(one),
          detail: { kind: isJwt(one) ? 'JWT' : 'ClientCredentials', grant: null },
        },
      ]);
    });

    test('ends also if it is bound to a key: taking back needs none', async () => {
      const bound = tokenIn(await prove(server, await createProofKey(), parameters(), backEnd));
      expectDone(await revoke(server, bound, backEnd));
      expectInactive(await askedBy(server, api, bound));
    });

    test('can be had anew', async () => {
      expectDone(await revoke(server, await obtain(parameters(), backEnd), backEnd));
      expect(await isActiveAt(server, api, await obtain(parameters(), backEnd))).toBe(true);
    });
  });

  test('ends for a client that proves with a key who it is', async () => {
    const proof = () => assertion(demoKey(server, 'clinic-jwt'), 'clinic-jwt', server.issuer);
    const asks = { ...wish('system/Patient.rs', fhirBase()), ...assertionForm(await proof()) };
    const token = tokenIn(await send(server, form(asks)));
    const sent = form({ token, ...assertionForm(await proof()) });
    expectDone(await send(server, { ...sent, path: '/token/revocation' }));
    expectInactive(await askedBy(server, 'demo-fhir', token));
  });
});

describe('a practitioner’s token at GP Connect', () => {
  const revokeAsClinic = async (token: string | undefined) => {
    const proof = await assertion(demoKey(server, 'gp-clinic'), 'gp-clinic', server.issuer);
    const sent = form({ token: token ?? '', ...assertionForm(proof) });
    return send(server, { ...sent, path: '/token/revocation' });
  };

  test('ends alone where her own system signed her in', async () => {
    const obtain = async () => {
      const { body } = await assertUser(server, await userContext(server));
      return (JSON.parse(body) as TokenAnswer).access_token;
    };
    const [one, other] = [await obtain(), await obtain()];
    expectDone(await revokeAsClinic(one));
    expectInactive(await askedBy(server, 'gp-connect', one));
    expect(await isActiveAt(server, 'gp-connect', other)).toBe(true);
    const rows = (await endings(server)).filter((row) => row.token_id === jtiOf(one));
    expect(rows).toMatchObject([{ client_id: 'gp-clinic', detail: { kind: 'JWT', grant: null } }]);
  });

  test('ends with the refresh token where she signed in here', async () => {
    const tokens = await clinicTokens(server);
    expectDone(await revokeAsClinic(tokens.refresh_token));
    expectInactive(await askedBy(server, 'gp-connect', tokens.access_token));
  });
});

test('JWTs end with a refresh token of online_access whose session is gone already', async () => {
  await server.sql(
    `UPDATE client_apis SET scopes = scopes || ' online_access' WHERE client_id = $1 AND api_id = 'notes'`,
    [notesWeb[0]],
  );
  shiftTime(2);
  const change = { ...notesChange, scope: notesChange.scope.replace('offline', 'online') };
  const { first } = await newFamily(server, { change, client: notesWeb });
  const grant = await grantOf(server, first.refresh_token ?? '');
  // An hour after the sign-in the session is gone, and a token of the last minutes is not.
  shiftTime(3500);
  const next = await renew(server, first, notesWeb);
  shiftTime(3700);
  expect(await isActiveAt(server, 'notes', next.access_token)).toBe(true);
  expectDone(await revoke(server, next.refresh_token, notesWeb));
  expectInactive(await askedBy(server, 'notes', next.access_token));
  expect(await listed(server, grant)).toEqual([{ kind: 'grant' }]);
  expect((await endings(server, grant)).map(({ type }) => type)).toEqual(['grant.ended', 'token.revoked']);
});

test('a token that opens /me alone opens nothing once it was taken back', async () => {
  const client: Credentials = ['library', 'a-secret-of-the-library-long-enough'];
  const redirect_uri = 'https://library.example.test/cb';
  await register(server, {
    client_id: client[0],
    client_name: 'Health library',
    client_secret: client[1],
    grant_types: ['authorization_code'],
    redirect_uris: [redirect_uri],
    scope: 'openid',
  });
  const change = { client_id: client[0], redirect_uri, scope: 'openid', aud: undefined };
  const { first } = await newFamily(server, { change, client });
  const headers = { Authorization: `Bearer ${first.access_token}` };
  const me = () => send(server, { method: 'GET', path: '/me', headers });
  expect((await me()).status).toBe(200);
  expectDone(await revoke(server, first.access_token, client));
  expect((await me()).status).toBe(401);
});

test('neither log nor audit hold a token that was taken back', async () => {
  const { first } = await newFamily(server);
  const values = [first.access_token, first.refresh_token ?? '', 'garbage-that-was-never-a-token-of-ours'];
  for (const value of values) expectDone(await revoke(server, value, keteWeb));
  const rows = await server.sql<{ row: object }>('SELECT to_jsonb(a) AS row FROM audit_events a');
  const text = `${server.logLines.join('\n')}${JSON.stringify(rows)}`;
  for (const value of values) expect(text).not.toContain(value);
});
