import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { register } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import {
  authorisationRequest,
  authorise,
  createVisitor,
  signIn,
  type Visitor,
} from '../../support/visitor.ts';
import { ask, type Change, expectAsked, expectRedirect, state } from './answers.ts';

/** When a person is asked, and that nobody gets a code in silence who was not allowed to before (AZ-06). */

let server: TestServer;
let issuer: string;

beforeAll(async () => {
  server = await startServer();
  issuer = server.issuer;
  await register(server, {
    client_id: 'pocket-record',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    redirect_uris: ['com.example.pocket:/cb'],
    apis: { 'demo-fhir': 'launch/patient patient/*.rs' },
  });
});

afterAll(() => server.close());

const again = (visitor: Visitor, change: Change) =>
  visitor.get(authorisationRequest(issuer, { state, ...change }).url);

/** Somebody who signed in and then went away from the consent page. */
async function signedIn(): Promise<Visitor> {
  const visitor = createVisitor(issuer);
  const page = await visitor.follow(await visitor.get(authorisationRequest(issuer).url));
  expect((await signIn(visitor, page, { identifier: 'hana@example.test' })).html).toContain('/consent"');
  return visitor;
}

describe('AZ-06 prompt=none', () => {
  test('without a session is login_required', async () => {
    expectRedirect(await ask(server, { prompt: 'none', state }), { issuer, error: 'login_required', state });
  });

  test('with a session, but without consent, is consent_required', async () => {
    const page = await again(await signedIn(), { prompt: 'none' });
    expectRedirect(page, { issuer, error: 'consent_required', state });
  });

  test('with a session and consent gives a code without a page', async () => {
    const { visitor } = await authorise(server);
    const page = await again(visitor, { prompt: 'none' });
    expect(page).toMatchObject({ status: 303, html: expect.not.stringContaining('<form') });
    expect(new URL(page.location ?? '').searchParams.get('code')).toMatch(/^[A-Za-z0-9_-]{40,}$/);
  });

  test('for more than was consented to is consent_required', async () => {
    const change = { scope: 'openid launch/patient patient/Patient.rs' };
    const { visitor } = await authorise(server, { change, identifier: 'tom@example.test' });
    for (const scope of [
      'openid launch/patient patient/Appointment.rs',
      'launch/patient patient/Immunization.rs',
    ]) {
      const page = await again(visitor, { prompt: 'none', scope });
      expectRedirect(page, { issuer, error: 'consent_required', state });
    }
  });

  test('for less than was consented to gives a code', async () => {
    const { visitor } = await authorise(server);
    const page = await again(visitor, { prompt: 'none', scope: 'openid launch/patient patient/Patient.rs' });
    expect(page.location).toMatch(/\?code=/);
  });

  test('for another client than the one consented to is consent_required', async () => {
    const { visitor } = await authorise(server);
    const redirectUri = 'http://127.0.0.1:8090/app.html';
    const page = await again(visitor, { client_id: 'kete-spa', redirect_uri: redirectUri, prompt: 'none' });
    expectRedirect(page, { issuer, error: 'consent_required', state, redirectUri });
  });

  test('for an application on the own device is refused, consent or not: anybody can pass for it', async () => {
    const change = {
      client_id: 'pocket-record',
      redirect_uri: 'com.example.pocket:/cb',
      scope: 'launch/patient patient/Patient.rs',
    };
    const { visitor } = await authorise(server, { change });
    const page = await again(visitor, { ...change, prompt: 'none' });
    expect(page).toMatchObject({
      status: 303,
      location: expect.stringMatching(/^com\.example\.pocket:\/cb\?error=/),
    });
    const { searchParams } = new URL(page.location ?? '');
    expect(['interaction_required', 'consent_required']).toContain(searchParams.get('error'));
    expect(searchParams.has('code')).toBe(false);
  });

  test('with max_age that has passed is login_required', async () => {
    const { visitor } = await authorise(server);
    shiftTime(120);
    const page = await again(visitor, { prompt: 'none', max_age: '60' }).finally(() => shiftTime(0));
    expectRedirect(page, { issuer, error: 'login_required', state });
  });

  test.for(['none login', 'login none', 'none consent', 'none none login'])(
    'as "%s" is refused',
    async (prompt) => {
      expectRedirect(await ask(server, { prompt, state }), { issuer, error: 'invalid_request', state });
    },
  );
});

describe('AZ-06 a prompt', () => {
  test.for(['create', 'select_account', 'NONE', 'login  consent', '__proto__'])(
    '"%s" is refused',
    async (prompt) => {
      expectRedirect(await ask(server, { prompt, state }), { issuer, error: 'invalid_request', state });
    },
  );

  test.for(['login', 'consent', 'login consent'])('"%s" is taken', async (prompt) => {
    expectAsked(await ask(server, { prompt }), issuer);
  });

  test('login asks for the password of who is signed in', async () => {
    const { visitor } = await authorise(server);
    const page = await visitor.follow(await again(visitor, { prompt: 'login' }));
    expect(page.html).toContain('/sign-in"');
  });

  test('consent asks who decided before', async () => {
    const { visitor } = await authorise(server);
    const page = await visitor.follow(await again(visitor, { prompt: 'consent' }));
    expect(page.html).toContain('/consent"');
  });

  test.for(['-1', '1.5', 'soon', '9007199254740993'])('max_age=%s is refused', async (age) => {
    expectRedirect(await ask(server, { max_age: age, state }), { issuer, error: 'invalid_request', state });
  });
});
