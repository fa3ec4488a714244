import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { register } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  authorise,
  createVisitor,
  exchange,
  exchangeForm,
  introspect,
  keteWeb,
} from '../../support/visitor.ts';
import { ask, type Change, expectAsked, expectRedirect, state } from './answers.ts';
import { push } from './pushing.ts';

/** Where the tokens are to be used: one API, named by `aud` (SMART) or `resource` (RFC 8707), and no other (AZ-07). */

const spine = 'https://spine.example.test/raflags/STU3';

let server: TestServer;
let issuer: string;
let base: string;

beforeAll(async () => {
  server = await startServer();
  issuer = server.issuer;
  base = `${issuer}/demo/fhir/r4`;
  await register(server, {
    client_id: 'flag-reader',
    client_secret: 'secret-of-the-flag-reader',
    grant_types: ['authorization_code'],
    redirect_uris: ['http://127.0.0.1:8090/cb'],
    organization: 'fernhill',
    apis: { 'reasonable-adjustments': 'user/Flag.read', 'demo-fhir': 'launch/patient patient/*.rs' },
  });
});

afterAll(() => server.close());

/** Asks directly, and by PAR with the same words. */
async function expectBothRefused(
  change: Change,
  error: string,
  more: [string, string][] = [],
): Promise<void> {
  expectRedirect(await ask(server, { ...change, state }, more), { issuer, error, state });
  const { status, body } = await push(server, { ...change, state }, { more });
  expect({ status, ...body }).toMatchObject({ status: 400, error });
}

describe('the API is named by', () => {
  const ways: readonly (readonly [string, (base: string) => Change])[] = [
    ['aud', (aud) => ({ aud })],
    ['aud with a slash at its end', (aud) => ({ aud: `${aud}/` })],
    ['resource', (resource) => ({ aud: undefined, resource })],
    ['aud and resource', (aud) => ({ aud, resource: aud })],
    ['aud with a slash, and resource', (aud) => ({ aud: `${aud}/`, resource: aud })],
  ];

  test.for(ways)('%s', async ([, change]) => {
    const tokens = await exchange(server, await authorise(server, { change: change(base) }));
    expect(await introspect(server, tokens.access_token)).toMatchObject({ active: true, aud: base });
  });

  test.for(ways)('%s, pushed', async ([, change]) => {
    const { status, url } = await push(server, change(base));
    expect(status).toBe(201);
    expectAsked(await createVisitor(issuer).get(url), issuer);
  });
});

describe('AZ-07 a request is refused', () => {
  test.for([
    ['without aud', undefined, 'invalid_request'],
    ['with an empty aud', '', 'invalid_request'],
    ['for an API of somebody else', 'https://fhir.elsewhere.example.test/r4', 'invalid_target'],
    ['for an address in another case', 'BASE-IN-CAPITALS', 'invalid_target'],
    ['for two slashes at the end', 'BASE//', 'invalid_target'],
    ['for a part of the API', 'BASE/Patient', 'invalid_target'],
    ['for what the API is a part of', 'ISSUER', 'invalid_target'],
    ['for an address with a query', 'BASE?a=b', 'invalid_target'],
    ['for an address with a fragment', 'BASE#a', 'invalid_target'],
    ['for no address', 'demo-fhir', 'invalid_target'],
    ['for a text that is no address', 'not an address', 'invalid_target'],
  ] as const)('%s', async ([, text, error]) => {
    const aud = text
      ?.replace('BASE-IN-CAPITALS', base.replace('/fhir/', '/FHIR/'))
      .replace('BASE', base)
      .replace('ISSUER', issuer);
    await expectBothRefused({ aud }, error);
  });

  test('when aud and resource differ', async () => {
    await expectBothRefused({ resource: spine }, 'invalid_target');
    await expectBothRefused({ aud: spine, resource: base }, 'invalid_target');
  });

  test('for two resources', async () => {
    await expectBothRefused({ aud: undefined, resource: base }, 'invalid_target', [['resource', spine]]);
    await expectBothRefused({ resource: base }, 'invalid_target', [['resource', 'https://x.example.test/']]);
  });

  test('for the same resource twice', async () => {
    await expectBothRefused({ resource: base }, 'invalid_target', [['resource', base]]);
  });

  test('for an API that the client was not given', async () => {
    const change = { client_id: 'was-given-nothing', redirect_uri: 'https://app.example.test/cb' };
    await register(server, {
      client_id: change.client_id,
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
      redirect_uris: [change.redirect_uri],
    });
    const page = await ask(server, { ...change, scope: 'openid patient/Patient.rs', state });
    expectRedirect(page, { issuer, error: 'invalid_target', state, redirectUri: change.redirect_uri });
  });

  test('for GP Connect, by a client that was given another API of the Spine', async () => {
    const aud = 'https://gp.millbrook.example.test/ZZ901/STU3/1/gpconnect/structured';
    const change = { client_id: 'flag-reader', aud, scope: 'patient/*.read', state };
    expectRedirect(await ask(server, change), { issuer, error: 'invalid_target', state });
  });

  test('for the administration', async () => {
    await expectBothRefused({ aud: `${issuer}/api/admin/v1`, scope: 'admin.read' }, 'unauthorized_client');
  });
});

describe('state', () => {
  test.for([undefined, ''])('%j is refused: SMART wants one', async (none) => {
    const page = await ask(server, { state: none });
    expectRedirect(page, { issuer, error: 'invalid_request', state: null });
    expect(await push(server, { state: none })).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
  });

  test('comes back as it was sent, whatever is in it', async () => {
    const long = `${state}${'x'.repeat(1500)}`;
    const { response } = await authorise(server, { change: { state: long } });
    expect(response.getAll('state')).toEqual([long]);
  });
});

describe('AZ-07 at the token endpoint a code', () => {
  test('of one API gives no token for another', async () => {
    const authorised = await authorise(server);
    const answer = await server.token({ ...exchangeForm(authorised), resource: spine }, keteWeb);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: 'invalid_target' });
  });

  test('gives a token for the API that it was asked for, named again or not', async () => {
    const authorised = await authorise(server);
    const answer = await server.token({ ...exchangeForm(authorised), resource: base }, keteWeb);
    expect(answer.status).toBe(200);
  });
});
