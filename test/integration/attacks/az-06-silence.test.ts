import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keteSpa, newFamily, redeem, spaChange } from '../../support/exchange.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  authorisationRequest,
  authorise,
  introspect,
  type TokenAnswer,
  type Visitor,
} from '../../support/visitor.ts';
import { ask, expectRedirect, state } from '../authorisation/answers.ts';
import { push } from '../authorisation/pushing.ts';

/** What a page that asks in silence, or a request that asks on the side, gets: not the wrong person, and no more. */

let server: TestServer;
let issuer: string;
/** Aroha's browser, in which she has allowed what is usual. */
let visitor: Visitor;
let own: TokenAnswer;
let hana: TokenAnswer;

beforeAll(async () => {
  server = await startServer();
  issuer = server.issuer;
  ({ visitor, first: own } = await newFamily(server));
  hana = (await newFamily(server, { identifier: 'hana@example.test' })).first;
});
afterAll(() => server.close());

const silently = (change: Readonly<Record<string, string | undefined>> = {}) =>
  visitor.get(authorisationRequest(issuer, { prompt: 'none', state, ...change }).url);

describe('AZ-06 with prompt=none', () => {
  test('the person herself as hint gets a code', async () => {
    expect((await silently({ id_token_hint: own.id_token })).location).toMatch(/\?code=/);
  });

  test('another person as hint is login_required: the code would be hers', async () => {
    const page = await silently({ id_token_hint: hana.id_token });
    expectRedirect(page, { issuer, error: 'login_required', state });
  });

  test('an ID token of another application is no hint', async () => {
    const { first } = await newFamily(server, { change: spaChange, client: keteSpa });
    const page = await silently({ id_token_hint: first.id_token });
    expectRedirect(page, { issuer, error: 'invalid_request', state });
  });

  test('max_age=0 is login_required, whoever is signed in', async () => {
    expectRedirect(await silently({ max_age: '0' }), { issuer, error: 'login_required', state });
  });

  test('a pushed request is as silent', async () => {
    const pushed = await push(server, {
      prompt: 'none',
      state,
      scope: 'openid launch/patient patient/MedicationRequest.rs',
    });
    expect(pushed.status).toBe(201);
    const page = await visitor.get(pushed.url);
    expectRedirect(page, { issuer, error: 'consent_required', state });
  });
});

test('AZ-06 another person as hint is asked to sign in, though somebody is signed in', async () => {
  const page = await visitor.get(authorisationRequest(issuer, { id_token_hint: hana.id_token }).url);
  expect((await visitor.follow(page)).html).toContain('/sign-in"');
});

test('AZ-05 a state with line ends comes back as it was sent, and makes no header', async () => {
  const bad = 'a\r\nSet-Cookie: assent_session=evil\r\n\r\n<script>';
  const page = await ask(server, { prompt: 'none', state: bad });
  expectRedirect(page, { issuer, error: 'login_required', state: bad });
  expect(page.headers.getSetCookie().join()).not.toContain('evil');
});

describe('AZ-07 parameters on the side', () => {
  const scope = 'openid launch/patient patient/Patient.rs';

  test('bring nothing that the scope does not: claims, details, another grant', async () => {
    const change = {
      scope,
      claims: '{"id_token":{"name":{"essential":true},"fhirUser":null,"patient":{"value":"p-hana"}}}',
      authorization_details: '[{"type":"patient","identifier":"p-hana"}]',
      acr_values: '9',
      grant_id: 'x',
      patient: 'p-hana',
      launch: 'p-hana',
      sub: 'hana',
    };
    const tokens = await redeem(server, await authorise(server, { visitor, change }));
    expect(tokens).toMatchObject({ patient: 'p-aroha', scope });
    const claims = decodeJwt(tokens.id_token ?? '');
    expect(claims.sub).toBe('aroha');
    for (const name of ['name', 'fhirUser', 'patient']) expect(claims).not.toHaveProperty(name);
    const found = await introspect(server, tokens.access_token);
    expect(found).toMatchObject({ active: true, sub: 'aroha', patient: 'p-aroha', scope });
  });

  test('at the token endpoint bring nothing either', async () => {
    const authorised = await authorise(server, { visitor, change: { scope } });
    const answer = await server.token(
      {
        grant_type: 'authorization_code',
        code: authorised.code,
        code_verifier: authorised.verifier,
        redirect_uri: authorised.redirectUri,
        scope: 'system/*.* patient/*.rs offline_access',
        patient: 'p-hana',
        sub: 'hana',
        aud: 'https://spine.example.test/raflags/STU3',
        audience: 'https://spine.example.test/raflags/STU3',
      },
      ['kete-web', 'demo-secret-kete-web'],
    );
    const tokens = (await answer.json()) as TokenAnswer;
    expect(tokens).toMatchObject({ scope, patient: 'p-aroha' });
    expect(tokens).not.toHaveProperty('refresh_token');
  });
});

test.for(['token', 'id_token', 'code token', 'code id_token', 'id_token token', 'none'])(
  'AZ-02 the response type %s is refused when it is pushed, too',
  async (type) => {
    const { status, body } = await push(server, { response_type: type, nonce: 'n-0S6' });
    expect(status).toBe(400);
    expect(['unsupported_response_type', 'unauthorized_client', 'invalid_request']).toContain(body.error);
    expect(body).not.toHaveProperty('request_uri');
  },
);
