import { importJWK, type JWK, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { assertion, demoKey } from '../../support/assertion.ts';
import { basic, register } from '../../support/fixtures.ts';
import { adjustments } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { authorise, exchange } from '../../support/visitor.ts';
import { addNotes, askedBy, isActiveAt, newNotesFamily, notes, notesWeb } from '../attacks/jwts.ts';
import { askWhat, expectInactive } from '../exchange/introspection.ts';
import { putApi } from '../practitioners/surgery.ts';
import { secretOf } from '../token-endpoint/applicants.ts';
import { familyGrant, jtiOf } from './families.ts';

/**
 * JWTs that are signed with our own key, as an ID token is, and are all the same no good access token of ours (RFC 9068
 * section 4): nothing but `{"active":false}` is said of them.
 */

let server: TestServer;
/** The key that signs. */
let key: JWK;

beforeAll(async () => {
  server = await startServer();
  await addNotes(server);
  const [first] = (await server.services.keys.privateJwks()).filter(({ alg }) => alg === 'ES256');
  if (first === undefined) throw new Error('there is no key');
  key = first;
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

type Change = Readonly<Record<string, unknown>>;

const now = () => Math.floor(Date.now() / 1000);

/** Signs what looks like a system's token; a change of undefined leaves a member out. */
async function sign(change: Change = {}, header: Change = {}, by: JWK = key): Promise<string> {
  const claims = {
    iss: server.issuer,
    sub: 'https://fhir.nhs.uk/Id/accredited-system|200000990800',
    aud: adjustments,
    iat: now(),
    exp: now() + 300,
    jti: crypto.randomUUID(),
    client_id: 'clinic-backend',
    scope: 'system/Flag.read',
    ...change,
  };
  const usual = { alg: 'ES256', typ: 'at+jwt', kid: by.kid, ...header };
  return new SignJWT(JSON.parse(JSON.stringify(claims)))
    .setProtectedHeader(JSON.parse(JSON.stringify(usual)))
    .sign(await importJWK(by, 'ES256'), { crit: { unheard: true } });
}

const ask = (token: string) => askedBy(server, 'reasonable-adjustments', token);
const isActive = (token: string) => isActiveAt(server, 'reasonable-adjustments', token);

test('one with all that an access token has is good: nothing else is kept of JWTs', async () => {
  expect(await isActive(await sign())).toBe(true);
});

const claims: readonly (readonly [string, () => Change | Promise<Change>])[] = [
  ['another issuer', () => ({ iss: 'https://assent.example.test' })],
  ['our name with a slash', () => ({ iss: `${server.issuer}/` })],
  ['several issuers', () => ({ iss: [server.issuer] })],
  ['no issuer', () => ({ iss: undefined })],
  ['an audience that is no API', () => ({ aud: 'https://later.example.test/v1' })],
  ['the audience of an API of somebody else', () => ({ aud: `${adjustments}/more` })],
  ['several audiences', () => ({ aud: [adjustments, 'https://later.example.test/v1'] })],
  ['a list of one audience', () => ({ aud: [adjustments] })],
  ['a client as audience, as an ID token has it', () => ({ aud: 'clinic-backend' })],
  ['no audience', () => ({ aud: undefined })],
  ['an end that is past', () => ({ exp: now() - 1 })],
  ['an end this second', () => ({ exp: now() })],
  ['no end', () => ({ exp: undefined })],
  ['an end in words', () => ({ exp: 'tomorrow' })],
  ['a beginning that is to come', () => ({ nbf: now() + 60 })],
  ['no iat', () => ({ iat: undefined })],
  ['no jti', () => ({ jti: undefined })],
  ['a jti that is a number', () => ({ jti: 7 })],
  ['no client', () => ({ client_id: undefined })],
  ['a client that is a list', () => ({ client_id: ['clinic-backend'] })],
  ['a client that nobody knows', () => ({ client_id: 'nobody' })],
  ['a client that has not this API', () => ({ client_id: 'kete-web' })],
  ['a client with a strange name', () => ({ client_id: '../clinic-backend\u0001' })],
  ['a scope that its client has not', () => ({ scope: 'system/Flag.read user/Flag.write' })],
  ['a scope that no API has', () => ({ scope: 'everything' })],
  ['a grant that nobody knows', () => ({ jti: `unheard-of.${crypto.randomUUID()}` })],
  [
    'a grant of another application',
    async () => ({ jti: `${await familyGrant(server, await newNotesFamily(server))}.x` }),
  ],
];

describe('signed with our key, but', () => {
  test.for(claims)('with %s', async ([, change]) => {
    expectInactive(await ask(await sign(await change())));
  });

  test.for<[string, Change]>([
    ['JWT, as other tokens are', { typ: 'JWT' }],
    ['that of a proof', { typ: 'dpop+jwt' }],
    ['that of an answer of introspection', { typ: 'token-introspection+jwt' }],
    ['that of a logout token', { typ: 'logout+jwt' }],
    ['in other letters', { typ: 'AT+JWT' }],
    ['left out', { typ: undefined }],
  ])('with the typ %s', async ([, header]) => {
    expectInactive(await ask(await sign({}, header)));
  });

  test('with the kid of another key', async () => {
    const { keys } = (await (await fetch(`${server.issuer}/jwks`)).json()) as { keys: JWK[] };
    for (const kid of [...keys.map((one) => one.kid).filter((kid) => kid !== key.kid), 'unheard', ''])
      expectInactive(await ask(await sign({}, { kid })));
  });

  test('with an extension that must be understood', async () => {
    expectInactive(await ask(await sign({}, { crit: ['unheard'], unheard: true })));
  });

  test('taken for a person’s: the grant is another person’s client’s', async () => {
    const family = await newNotesFamily(server);
    const grant = jtiOf(family.first.access_token).split('.')[0];
    const its = { jti: `${grant}.x`, aud: notes, scope: 'patient/Patient.rs' };
    const good = await sign({ ...its, client_id: notesWeb[0] });
    expect(await isActiveAt(server, 'notes', good)).toBe(true);
    for (const client of ['clinic-backend', 'kete-web'])
      expectInactive(await askedBy(server, 'notes', await sign({ ...its, client_id: client })));
  });
});

describe('other texts with dots', () => {
  test.for<[string, () => Promise<string>]>([
    ['an ID token', async () => (await exchange(server, await authorise(server))).id_token ?? ''],
    [
      'a client assertion',
      () => assertion(demoKey(server, 'clinic-jwt'), 'clinic-jwt', server.issuer, {}, { typ: 'at+jwt' }),
    ],
    [
      'one that says it is not signed',
      async () => {
        const [, payload] = (await sign()).split('.');
        return `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${payload}.`;
      },
    ],
    [
      'one of which a letter was changed',
      async () => {
        const [header, payload = '', signature] = (await sign()).split('.');
        return `${header}.${payload.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))}.${signature}`;
      },
    ],
    ['one of two parts', async () => (await sign()).split('.').slice(0, 2).join('.')],
    ['one of five parts', async () => `${await sign()}.x.y`],
    ['dots', async () => '..'],
    ['a dot among letters', async () => 'a.b'],
    ['one in blanks', async () => ` ${await sign()} `],
    ['a header that is no object', async () => `${Buffer.from('7').toString('base64url')}.e30.x`],
    ['a header that is a list', async () => `${Buffer.from('[]').toString('base64url')}.e30.x`],
    ['a very long one', async () => `${await sign()}${'a'.repeat(20_000)}`],
  ])('%s', async ([, make]) => {
    expectInactive(await ask(await make()));
  });
});

describe('an API', () => {
  test('that comes to be known makes its tokens good, one that leaves makes them nothing', async () => {
    const audience = 'https://appointments.example.test/v1';
    const api = { id: 'appointments', audience, profile: 'none', scopes: 'appointments.read' };
    const early = await sign({ aud: audience, client_id: 'planner', scope: 'appointments.read' });
    const planner = {
      client_secret: secretOf('planner'),
      grant_types: ['client_credentials'],
      organization: 'platform',
    };
    const askEarly = () =>
      askWhat(server, { token: early }, basic('appointments-server', secretOf('appointments-server')));
    await register(server, { ...planner, client_id: 'planner', apis: { 'admin-api': 'admin.read' } });
    await register(server, {
      ...planner,
      client_id: 'appointments-server',
      client_secret: secretOf('appointments-server'),
      apis: { 'admin-api': 'introspect' },
    });
    expectInactive(await askEarly());

    await putApi(server, api);
    await register(server, { ...planner, client_id: 'planner', apis: { appointments: 'appointments.read' } });
    await register(server, {
      ...planner,
      client_id: 'appointments-server',
      client_secret: secretOf('appointments-server'),
      apis: { appointments: 'introspect' },
    });
    expect(JSON.parse((await askEarly()).body)).toMatchObject({ active: true, aud: audience });

    await putApi(server, { ...api, audience: 'https://moved.example.test/v1' });
    expectInactive(await askEarly());
  });

  test('that insists on the typ JWT takes no other', async () => {
    const api = (await server.services.catalogue.all()).find(({ id }) => id === 'reasonable-adjustments');
    if (api === undefined) throw new Error('the API is not there');
    await server.services.catalogue.put({ ...api, tokenTyp: 'JWT' }, { demo: true });
    expect(await isActive(await sign({}, { typ: 'JWT' }))).toBe(true);
    expectInactive(await ask(await sign()));
    await server.services.catalogue.put(api, { demo: true });
    expect(await isActive(await sign())).toBe(true);
  });
});

test('JW-04 a token is good until the second in which it ends, by our clock, without a tolerance', async () => {
  const token = await sign();
  shiftTime(240);
  expect(await isActive(token)).toBe(true);
  shiftTime(301);
  expectInactive(await ask(token));
});
