import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  authorisationRequest,
  authorise,
  createVisitor,
  demoPassword,
  formTo,
  type Page,
  signIn,
  type Visitor,
} from '../../support/visitor.ts';
import { ask, expectRedirect, state } from './answers.ts';

/** How a browser is sent on (AZ-04), and who says that an answer is his (AZ-05, RFC 9207). */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.close());

async function begin(change = {}): Promise<{ visitor: Visitor; page: Page }> {
  const visitor = createVisitor(server.issuer);
  const request = authorisationRequest(server.issuer, { state, ...change });
  return { visitor, page: await visitor.follow(await visitor.get(request.url)) };
}

/** Every answer on the way, from the request to the redirect back. */
async function journey(): Promise<Page[]> {
  const { visitor, page } = await begin();
  const typed = [
    ['identifier', 'aroha@example.test'],
    ['password', demoPassword],
  ] as const;
  const form = formTo(page, '/sign-in');
  const steps = [await visitor.post(form.action, [...form.fields, ...typed])];
  const asked = await visitor.follow(steps[0] ?? page);
  const consent = formTo(asked, '/consent');
  steps.push(await visitor.post(consent.action, [...consent.fields, ['decision', 'allow']]));
  let last = steps.at(-1);
  while (last?.location?.startsWith(server.issuer)) {
    last = await visitor.get(last.location);
    steps.push(last);
  }
  return steps;
}

describe('AZ-04 a form that was sent', () => {
  test('is followed by 303 alone, from the password to the code', async () => {
    const steps = await journey();
    expect(steps.map(({ status }) => status)).toEqual(steps.map(() => 303));
    expect(steps.at(-1)?.location).toMatch(/^http:\/\/127\.0\.0\.1:8090\/cb\?code=/);
    for (const { html } of steps) expect(html).not.toContain(demoPassword);
  });

  test.for([
    ['the sign-in page', '/cancel'],
    ['the consent page', '/consent'],
  ] as const)('to say no on %s is followed by 303, with access_denied', async ([, ending]) => {
    const { visitor, page: first } = await begin();
    const page =
      ending === '/consent' ? await signIn(visitor, first, { identifier: 'mere@example.test' }) : first;
    const form = formTo(page, ending);
    const sent = await visitor.post(form.action, [...form.fields, ['decision', 'deny']]);
    expect(sent.status).toBe(303);
    const back = await visitor.follow(sent);
    expectRedirect(back, { issuer: server.issuer, error: 'access_denied', state });
  });

  test('that is the request itself is followed by 303', async () => {
    const { parameters } = authorisationRequest(server.issuer);
    const page = await createVisitor(server.issuer).post('/auth', Object.entries(parameters));
    expect(page.status).toBe(303);
  });
});

describe('AZ-05 iss', () => {
  test('is in a response with a code, once, and is the issuer', async () => {
    const { response } = await authorise(server, { change: { state } });
    expect([response.getAll('iss'), response.getAll('state')]).toEqual([[server.issuer], [state]]);
  });

  test('is in a response to a person who is known already', async () => {
    const { visitor } = await authorise(server);
    const { response } = await authorise(server, { visitor, change: { prompt: 'none' } });
    expect(response.getAll('iss')).toEqual([server.issuer]);
  });

  test.for([
    ['an error of the request', { scope: 'openid everything' }, 'invalid_scope', 'query'],
    ['an error in the fragment', { prompt: 'none', response_mode: 'fragment' }, 'login_required', 'fragment'],
    ['an error before scopes are looked at', { response_type: 'none' }, 'unsupported_response_type', 'query'],
  ] as const)('is in %s', async ([, change, error, mode]) => {
    expectRedirect(await ask(server, { ...change, state }), { issuer: server.issuer, error, state, mode });
  });

  test('that a request names is not taken over', async () => {
    const page = await ask(server, { prompt: 'none', state }, [['iss', 'https://evil.example.test']]);
    expectRedirect(page, { issuer: server.issuer, error: 'login_required', state });
  });

  test('is what discovery names', async () => {
    const response = await fetch(`${server.issuer}/.well-known/openid-configuration`);
    expect(await response.json()).toMatchObject({
      issuer: server.issuer,
      authorization_response_iss_parameter_supported: true,
    });
  });
});
