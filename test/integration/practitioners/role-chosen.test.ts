import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { redeem } from '../../support/exchange.ts';
import { lasting } from '../../support/lasting.ts';
import {
  chooseRole,
  clinicalRole,
  healthRole,
  millbrookRole,
  practise,
  wardApp,
  wardChange,
} from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorisationRequest, formTo, signIn } from '../../support/visitor.ts';
import { beginSignedIn, cancel, leftBehind, responseOf } from '../pages/steps.ts';
import {
  beginAtRole,
  beginWard,
  clinicalId,
  expectChanged,
  expectConsentPage,
  expectRolePage,
  expectSignInPage,
  priya,
  professionalId,
  sendRole,
  shahVisitor,
} from './role-page.ts';
import { putRangi, putShah, registerSurgery, surgeryApp, surgeryChange } from './surgery.ts';

/** In which role somebody asks: taken where there is one, asked where there are several. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await registerSurgery(server);
});
beforeEach(async () => {
  await putShah(server);
  await putRangi(server);
});
afterAll(() => server.close());

const userOf = (token: string) => decodeJwt(token).requesting_user;
const profile = (roleProfile: string) => `https://fhir.nhs.uk/Id/sds-role-profile-id|${roleProfile}`;

describe('the only role at the organisation', () => {
  test.for([
    ['Dr Shah', 'priya@example.test', millbrookRole],
    ['Rangi Cooper', 'rangi@example.test', '100000000212'],
  ])('of %s is taken without asking, and stands on the consent page', async ([, identifier, roleProfile]) => {
    const begun = await beginSignedIn(server, { change: surgeryChange, identifier: String(identifier) });
    expectConsentPage(begun.page);
    expect(begun.page.html).toContain('at Millbrook Surgery');
    const { authorised } = await practise(server, { identifier: String(identifier), change: surgeryChange });
    if (authorised === undefined) throw new Error('no code');
    const tokens = await redeem(server, authorised, surgeryApp);
    expect(userOf(tokens.access_token)).toBe(profile(String(roleProfile)));
  });

  test('is taken with prompt=none, too, where she has decided before', async () => {
    const { visitor } = await practise(server, { change: surgeryChange });
    const { authorised } = await practise(server, { visitor, change: { ...surgeryChange, prompt: 'none' } });
    expect(authorised).toBeDefined();
  });

  test('is taken at the ward, when the other one has ended', async () => {
    await putShah(server, { professional: undefined });
    const { page } = await beginSignedIn(server, { change: wardChange, ...priya });
    expectConsentPage(page);
    expect(page.html).toContain('Clinical Practitioner at Fernhill Hospital');
  });
});

describe('several roles at the organisation', () => {
  test('are asked for, those at other organisations not among them, and none is chosen', async () => {
    const { page } = await beginAtRole(server);
    expect(page.html).toContain('Fernhill Ward App');
    expect(page.html).toContain('Your roles at Fernhill Hospital');
    expect(page.html).toContain(clinicalRole);
    expect(page.html).toContain(healthRole);
    expect(page.html).not.toContain(millbrookRole);
    expect(page.html).not.toContain('priya-millbrook');
    expect(/<input[^>]*type="radio"[^>]*\schecked/.test(page.html)).toBe(false);
  });

  test.for([
    ['Clinical Practitioner', clinicalRole],
    ['Health Professional', healthRole],
  ])('%s, when chosen, is on the consent page and in the token', async ([name, roleProfile]) => {
    const { visitor, page, request } = await beginAtRole(server);
    const consent = await chooseRole(visitor, page, String(roleProfile));
    expect(consent.html).toContain(`${name} at Fernhill Hospital`);
    const { action, fields } = formTo(consent, '/consent');
    const end = await visitor.follow(await visitor.post(action, [...fields, ['decision', 'allow']]));
    const response = responseOf(end);
    const { verifier, parameters } = request;
    const tokens = await redeem(
      server,
      {
        code: response.get('code') ?? '',
        verifier,
        redirectUri: parameters.redirect_uri ?? '',
        visitor,
        response,
      },
      wardApp,
    );
    expect(userOf(tokens.access_token)).toBe(profile(String(roleProfile)));
  });

  test('AZ-06 prompt=none says interaction_required, without a page and without a trace', async () => {
    const visitor = await shahVisitor(server);
    const before = await leftBehind(server);
    const { page, request } = await beginWard(server, visitor, { prompt: 'none' });
    expect(Object.fromEntries(responseOf(page))).toMatchObject({
      error: 'interaction_required',
      state: request.parameters.state,
      iss: server.issuer,
    });
    expect(await leftBehind(server)).toEqual(before);
  });

  test('the question can be read again', async () => {
    const { visitor, page } = await beginAtRole(server);
    expect(lasting((await visitor.get(page.url)).html)).toBe(lasting(page.html));
  });

  test('prompt=role is no prompt', async () => {
    const visitor = await shahVisitor(server);
    const { page } = await beginWard(server, visitor, { prompt: 'role' });
    expect(responseOf(page).get('error')).toBe('invalid_request');
  });
});

describe('an answer that was not offered', () => {
  test.for<[string, readonly (readonly [string, string])[]]>([
    ['the role of another person', [['role', 'rangi-millbrook-reception']]],
    ['her own role at another organisation', [['role', 'priya-millbrook-clinical']]],
    ['a role profile in the place of the role', [['role', clinicalRole]]],
    ['a role that nobody has', [['role', 'nobody-nowhere']]],
    ['garbage', [['role', "' OR 1=1 --"]]],
    ['a name of an object’s own', [['role', '__proto__']]],
    ['a NUL', [['role', '\u0000']]],
    ['a long text', [['role', 'x'.repeat(4000)]]],
    ['the right one with a space', [['role', `${clinicalId} `]]],
  ])('%s: a page for a changed form, and nothing is granted', async ([, fields]) => {
    const { visitor, page } = await beginAtRole(server);
    const before = await leftBehind(server);
    expectChanged(await sendRole(visitor, page, fields));
    expect(await leftBehind(server)).toEqual(before);
    // The question is still open.
    expectRolePage(await visitor.get(page.url));
  });

  test('two roles at once choose none of them', async () => {
    const { visitor, page } = await beginAtRole(server);
    const answer = await sendRole(visitor, page, [
      ['role', clinicalId],
      ['role', professionalId],
    ]);
    expect(answer.location).toBeUndefined();
    expectRolePage(await visitor.get(page.url));
  });

  test('nothing chosen: the page again, with the error', async () => {
    const { visitor, page } = await beginAtRole(server);
    for (const fields of [[], [['role', '']]] as const) {
      const answer = await sendRole(visitor, page, fields);
      expectRolePage(answer);
      expect(answer.html).toContain('Choose the role you are working in');
      expect(answer.html).toContain('<title>Error: ');
    }
    expectConsentPage(await chooseRole(visitor, page, clinicalRole));
  });
});

describe('leaving the question', () => {
  test('by the way back: access_denied, and nothing can be answered afterwards', async () => {
    const { visitor, page, request } = await beginAtRole(server);
    const response = responseOf(await visitor.follow(await cancel(visitor, page)));
    expect(Object.fromEntries(response)).toMatchObject({
      error: 'access_denied',
      state: request.parameters.state,
      iss: server.issuer,
    });
    expect(await sendRole(visitor, page, [['role', clinicalId]])).toMatchObject({
      status: 400,
      location: undefined,
    });
  });

  test('by “Sign in as someone else”: the sign-in page, and the same person may sign in again', async () => {
    const { visitor, page } = await beginAtRole(server);
    const again = await visitor.follow(await sendRole(visitor, page, [['decision', 'switch']]));
    expectSignInPage(again);
    const role = await signIn(visitor, again, priya);
    expectRolePage(role);
    expectConsentPage(await chooseRole(visitor, role, clinicalRole));
  });

  test('by “Sign in as someone else”: somebody without a role is refused', async () => {
    const { visitor, page } = await beginAtRole(server);
    const again = await visitor.follow(await sendRole(visitor, page, [['decision', 'switch']]));
    const between = await signIn(visitor, again, { identifier: 'rangi@example.test' });
    expect(between.html).toContain('Someone else was signed in here');
    const { action, fields } = formTo(between, '/session/end/confirm');
    const end = await visitor.follow(await visitor.post(action, fields));
    expect(responseOf(end).get('error')).toBe('access_denied');
  });
});

test('a request that only asks who it is needs no role', async () => {
  const change = { client_id: 'ward-app', scope: 'openid', aud: undefined };
  const { page } = await beginSignedIn(server, { change, identifier: 'rangi@example.test' });
  expectConsentPage(page);
  expect(page.html).not.toContain('You are working as');
  expect(authorisationRequest(server.issuer, change).parameters).not.toHaveProperty('resource');
});
