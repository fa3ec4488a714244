import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { outcome, redeem, refreshForm, tokenRequest } from '../../support/exchange.ts';
import { basic, form, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  type Authorised,
  authorisationRequest,
  authorise,
  createVisitor,
  exchangeForm,
  keteWeb,
  type TokenAnswer,
  type Visitor,
} from '../../support/visitor.ts';
import { push } from '../authorisation/pushing.ts';
import { fhirServer } from '../exchange/introspection.ts';

/** Parameters that stand there twice, or in the shape of lists, wherever a client or a browser sends some. */

let server: TestServer;
let visitor: Visitor;
let authorised: Authorised;
let tokens: TokenAnswer;

const kete = basic(...keteWeb);

beforeAll(async () => {
  server = await startServer();
  visitor = createVisitor(server.issuer);
  tokens = await redeem(server, await authorise(server, { visitor }));
});
afterAll(() => server.close());

type Pairs = readonly (readonly [string, string])[];

/** A form with one more parameter; one that is not there yet, twice. */
function doubled(fields: Readonly<Record<string, string>>, name: string, value: string): Pairs {
  const { [name]: first = value, ...rest } = fields;
  return [...Object.entries(rest), [name, first], [name, value]];
}

const refused = async (path: string, pairs: Pairs, headers: Readonly<Record<string, string>> = kete) => {
  const { status, body, headers: seen } = await send(server, { ...form(pairs, headers), path });
  const { error } = JSON.parse(body) as { error?: string };
  expect(seen['cache-control']).toBe('no-store');
  expect(body).not.toMatch(/access_token|request_uri"|"active"/);
  return `${status} ${error}`;
};

describe('AZ-03 with a code', () => {
  // A code lives a minute; on a busy machine that is short.
  beforeEach(async () => {
    authorised = await authorise(server, { visitor });
  });

  test.for<[string, string]>([
    ['code', 'another'],
    ['redirect_uri', 'https://evil.example.test/cb'],
    ['code_verifier', 'v'.repeat(43)],
    ['grant_type', 'refresh_token'],
    ['client_id', 'kete-spa'],
    ['client_id', 'kete-web'],
    ['scope', 'system/*.*'],
    ['scope', ''],
    ['client_assertion', 'a.b.c'],
  ])('%s twice is refused (%s)', async ([name, value]) => {
    const pairs = doubled(exchangeForm(authorised), name, value);
    expect(await refused('/token', pairs)).toBe('400 invalid_request');
  });

  test('resource twice is refused, in the words of RFC 8707', async () => {
    const pairs = doubled(exchangeForm(authorised), 'resource', `${server.issuer}/demo/fhir/r4`);
    expect(await refused('/token', pairs)).toBe('400 invalid_target');
  });

  test.for(['code', 'redirect_uri', 'code_verifier', 'grant_type'])(
    '%s[] does not take the place of the real one',
    async (name) => {
      for (const spelling of [`${name}[]`, `${name}[0]`, `${name}.0`, `${name}[value]`, ` ${name}`]) {
        const { [name]: value = '', ...rest } = exchangeForm(authorised);
        const answer = await refused('/token', [...Object.entries(rest), [spelling, value]]);
        expect(['400 invalid_request', '400 invalid_grant']).toContain(answer);
      }
    },
  );
});

describe('AZ-03 with a refresh token', () => {
  test.for<[string, string]>([
    ['refresh_token', 'another'],
    ['scope', 'openid'],
    ['grant_type', 'authorization_code'],
    ['client_id', 'kete-spa'],
  ])('%s twice is refused (%s)', async ([name, value]) => {
    const pairs = doubled(refreshForm(tokens.refresh_token), name, value);
    expect(await refused('/token', pairs)).toBe('400 invalid_request');
  });

  test('scope[] has no effect beside none', async () => {
    const answer = await tokenRequest(
      server,
      refreshForm(tokens.refresh_token, { 'scope[]': 'openid', 'refresh_token[]': 'x' }),
    );
    expect(outcome(answer)).toBe('200');
    tokens = JSON.parse(answer.body) as TokenAnswer;
    expect(tokens.scope).toContain('patient/Patient.rs');
  });
});

describe('AZ-03 with an assertion about a user', () => {
  test.for(['assertion', 'scope', 'grant_type', 'resource', 'client_assertion'])(
    '%s twice is refused',
    async (name) => {
      const client = await assertion(demoKey(server, 'gp-clinic'), 'gp-clinic', server.issuer);
      const fields = {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: 'a.b.c',
        scope: 'patient/*.read',
        ...assertionForm(client),
      };
      const answer = await refused('/token', doubled(fields, name, 'x'), {});
      expect(['400 invalid_request', '400 invalid_target']).toContain(answer);
    },
  );
});

test.for([
  'response_type',
  'redirect_uri',
  'scope',
  'state',
  'client_id',
  'code_challenge',
  'prompt',
  'nonce',
])('AZ-03 %s twice is refused when it is pushed, and %s[] has no effect', async (name) => {
  const { parameters } = authorisationRequest(server.issuer);
  const more: [string, string][] = [
    [name, 'x'],
    ...(parameters[name] === undefined ? [[name, 'y'] as [string, string]] : []),
  ];
  expect(await push(server, {}, { more })).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  const beside = await push(server, {}, { more: [[`${name}[]`, 'https://evil.example.test/']] });
  expect(beside.status).toBe(201);
});

test.for(['/token/introspection', '/token/revocation'])(
  'AZ-03 %s: token twice is refused, token[] is none',
  async (path) => {
    const { access_token: token } = tokens;
    expect(await refused(path, doubled({ token }, 'token', 'x'), fhirServer)).toBe('400 invalid_request');
    expect(await refused(path, doubled({ token }, 'token', token), fhirServer)).toBe('400 invalid_request');
    expect(await refused(path, [['token[]', token]], fhirServer)).toBe('400 invalid_request');
    expect(
      await refused(path, doubled({ token, token_type_hint: 'x' }, 'token_type_hint', 'y'), fhirServer),
    ).toBe('400 invalid_request');
  },
);

test.for(['client_id', 'id_token_hint', 'post_logout_redirect_uri', 'state'])(
  'AZ-03 %s twice is refused when somebody signs out',
  async (name) => {
    const query = new URLSearchParams([
      [name, 'kete-web'],
      [name, 'kete-spa'],
    ]);
    const page = await visitor.get(`/session/end?${query}`, { Accept: 'application/json' });
    expect({ status: page.status, location: page.location }).toEqual({ status: 400, location: undefined });
    expect(JSON.parse(page.html)).toMatchObject({ error: 'invalid_request' });
  },
);

test('AZ-03 what stands in the address of a POST counts nowhere', async () => {
  const query = new URLSearchParams(exchangeForm(await authorise(server, { visitor })));
  expect(await refused(`/token?${query}`, [])).toBe('400 invalid_request');
  expect(await refused(`/token/introspection?token=${tokens.access_token}`, [], fhirServer)).toBe(
    '400 invalid_request',
  );
  expect(await refused(`/token/revocation?token=${tokens.access_token}`, [])).toBe('400 invalid_request');
  const asked = new URLSearchParams(authorisationRequest(server.issuer).parameters);
  expect(await refused(`/request?${asked}`, [])).toBe('400 invalid_request');
});

test('AZ-03 lists beside the parameters of a good exchange have no effect', async () => {
  const fields: Pairs = [
    ...Object.entries(exchangeForm(await authorise(server, { visitor }))),
    ['code[]', 'x'],
    ['redirect_uri[]', 'https://evil.example.test/cb'],
    ['scope[]', 'system/*.*'],
    ['client_id[]', 'kete-spa'],
    ['grant_type[]', 'password'],
    ['constructor[prototype]', 'x'],
    ['__proto__', 'x'],
    ['__proto__[scope]', 'x'],
  ];
  const answer = await send(server, form(fields, kete));
  expect(outcome(answer)).toBe('200');
  expect((JSON.parse(answer.body) as TokenAnswer).scope).not.toContain('system');
});
