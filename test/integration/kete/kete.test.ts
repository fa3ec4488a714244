import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Behaviour, usual } from './stub.ts';
import { createWorld, type World } from './world.ts';

let world: World;

beforeEach(async () => {
  world = await createWorld();
});

afterEach(() => {
  world.close();
  for (const secret of world.stub.secrets) expect(world.logLines.join('\n')).not.toContain(secret);
});

const behave = (change: Partial<Behaviour>) => {
  world.stub.behaviour = { ...usual(), ...change };
};

test('the first page says what it is and offers one way on', async () => {
  const { status, html, headers } = await world.browser().get('/demo');
  expect(status).toBe(200);
  expect(html).toContain('Demo application – everything here is made up');
  expect(html).toContain('aroha@example.test');
  expect(html).toContain('kereru sings at dawn');
  expect(html.match(/<form/g)).toHaveLength(1);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.getSetCookie()).toEqual([]);
  expect(world.stub.asked).toEqual([]);
});

test('a person connects and sees the record', async () => {
  const browser = world.browser();
  const page = await browser.connect();
  expect(page.status).toBe(200);
  for (const shown of ['Wiremu Pōtae', 'Tetanus', 'Yearly check-up', 'Ramipril', 'Penicillin', 'HbA1c']) {
    expect(page.html).toContain(shown);
  }
  expect(page.html).not.toContain('You chose not to share this');
  expect(page.html).toContain('patient/Immunization.rs');
  for (const secret of world.stub.secrets) expect(page.html).not.toContain(secret);
  expect((await browser.get('/demo')).html).toContain('See the health record');
});

test('the request is that of SMART App Launch with PKCE', async () => {
  const { location } = await world.browser().post('/demo/connect');
  const sent = new URL(location, world.issuer).searchParams;
  expect(Object.fromEntries(sent)).toMatchObject({
    response_type: 'code',
    client_id: 'kete-web',
    redirect_uri: `${world.issuer}/demo/callback`,
    aud: `${world.issuer}/demo/fhir/r4`,
    code_challenge_method: 'S256',
  });
  expect(sent.get('scope')?.split(' ')).toEqual(
    expect.arrayContaining(['openid', 'fhirUser', 'launch/patient', 'offline_access', 'patient/Patient.rs']),
  );
  // SMART App Launch 2.2: at least 122 bits.
  expect(sent.get('state')).toMatch(/^[\w-]{43}$/);
  expect(sent.get('nonce')).toMatch(/^[\w-]{43}$/);
});

test('SE-01 SE-02 the session is a random id in a cookie of its own path, new after the sign-in', async () => {
  const browser = world.browser();
  const back = await browser.begin();
  const before = browser.cookie;
  expect(browser.setCookie).toMatch(/^kete=[\w-]{43}; path=\/demo; samesite=lax; httponly$/);
  await browser.get(back);
  expect(browser.cookie).not.toBe(before);
  expect((await browser.get('/demo/record')).status).toBe(200);
  browser.cookie = before;
  expect(await browser.get('/demo/record')).toMatchObject({ status: 303, location: '/demo' });
});

test('two tabs of one browser can sign in at the same time', async () => {
  const browser = world.browser();
  const first = await browser.begin();
  const second = await browser.begin();
  expect(await browser.get(first)).toMatchObject({ location: '/demo/record' });
  expect(await browser.get(second)).toMatchObject({ location: '/demo/record' });
});

test('SE-04 a session ends after an hour', async () => {
  const browser = world.browser();
  await browser.connect();
  world.shift(3601);
  expect(await browser.get('/demo/record')).toMatchObject({ status: 303, location: '/demo' });
});

test('a person who says no is told that nothing was shared', async () => {
  const browser = world.browser();
  behave({ answer: ({ code: _code, ...rest }) => ({ ...rest, error: 'access_denied' }) });
  const page = await browser.connect();
  expect(page.status).toBe(200);
  expect(page.html).toContain('Nothing was shared');
  expect(page.html).toContain('Nothing was shared');
  expect(world.asked('POST /token')).toEqual([]);
  expect(await browser.get('/demo/record')).toMatchObject({ location: '/demo' });
});

test('another error of the server is shown with its code, escaped', async () => {
  const error = { error: 'invalid_scope', error_description: '<script>alert(1)</script>' };
  behave({ answer: ({ code: _code, ...rest }) => ({ ...rest, ...error }) });
  const page = await world.browser().connect();
  expect(page.status).toBe(502);
  expect(page.html).toContain('invalid_scope');
  expect(page.html).toContain('&lt;script&gt;');
  expect(page.html).not.toContain('<script>');
});

describe('an answer that belongs to no sign-in of this browser is refused before the token endpoint is asked', () => {
  test.each<[string, Record<string, string>]>([
    ['without state', { code: 'x', iss: 'x' }],
    ['with another state', { code: 'x', state: 'x'.repeat(43) }],
    ['with the name of a member as state', { code: 'x', state: '__proto__' }],
    ['with an error', { error: 'access_denied' }],
    ['without anything', {}],
  ])('%s', async (_title, answer) => {
    const browser = world.browser();
    await browser.begin();
    const page = await browser.get(`/demo/callback?${new URLSearchParams(answer)}`);
    expect(page.status).toBe(400);
    expect(page.html).toContain('This sign-in is over');
    expect(world.asked('POST /token')).toEqual([]);
  });

  test('from another browser', async () => {
    const back = await world.browser().begin();
    const stranger = world.browser();
    for (const begun of [false, true]) {
      if (begun) await stranger.begin();
      expect((await stranger.get(back)).status).toBe(400);
    }
    expect(world.asked('POST /token')).toEqual([]);
  });

  test('for the second time', async () => {
    const browser = world.browser();
    const back = await browser.begin();
    await browser.get(back);
    expect((await browser.get(back)).status).toBe(400);
    expect(world.asked('POST /token')).toHaveLength(1);
    expect((await browser.get('/demo/record')).status).toBe(200);
  });
});

describe('an answer that must not be believed', () => {
  test.each<[string, Partial<Behaviour>]>([
    ['comes from another issuer', { answer: (given) => ({ ...given, iss: 'https://other.example.test' }) }],
    ['does not say its issuer', { answer: ({ iss: _iss, ...given }) => given }],
    ['has no code', { answer: ({ code: _code, ...given }) => given }],
    ['has a code that is unknown', { answer: (given) => ({ ...given, code: 'stolen' }) }],
    ['has an ID token for another sign-in', { idToken: (claims) => ({ ...claims, nonce: 'other' }) }],
    ['has an ID token for another client', { idToken: (claims) => ({ ...claims, aud: 'kete-spa' }) }],
    ['has an ID token that is over', { idToken: (claims) => ({ ...claims, exp: (claims.iat ?? 0) - 60 }) }],
    ['has an ID token with the signature of somebody else', { forged: true }],
    ['has no ID token', { tokenFault: { status: 200, body: { access_token: 'a', token_type: 'Bearer' } } }],
    ['is refused by the token endpoint', { tokenFault: { status: 401, body: { error: 'invalid_client' } } }],
  ])('%s', async (_title, change) => {
    const browser = world.browser();
    behave(change);
    const page = await browser.connect();
    expect(page.status).toBe(502);
    expect(page.html).toContain('We could not connect');
    expect(await browser.get('/demo/record')).toMatchObject({ location: '/demo' });
  });
});

test.each<[string, NonNullable<Behaviour['tokenFault']>]>([
  ['is out of order', { status: 503, body: { error: 'temporarily_unavailable' } }],
  ['answers with a page', { status: 500, body: '<html>' }],
])('a token endpoint that %s: a readable page, and the next sign-in works', async (_title, tokenFault) => {
  const browser = world.browser();
  behave({ tokenFault });
  const page = await browser.connect();
  expect(page.status).toBe(503);
  expect(page.html).toContain('Assent does not answer');
  behave({});
  expect((await browser.connect()).html).toContain('Wiremu Pōtae');
});

test('a server that cannot be discovered is asked again the next time', async () => {
  const browser = world.browser();
  behave({ discovery: () => undefined });
  const page = await browser.post('/demo/connect');
  expect(page.status).toBe(503);
  expect(page.html).toContain('Assent does not answer');
  expect(browser.cookie).toBeUndefined();
  behave({});
  await browser.connect();
  await browser.connect();
  expect(world.asked('GET /.well-known/openid-configuration')).toHaveLength(2);
});

test('access to nobody’s record is no connection', async () => {
  const browser = world.browser();
  behave({ patient: undefined });
  const page = await browser.connect();
  expect(page.status).toBe(403);
  expect(page.html).toContain('There is no health record to show');
  expect(await browser.get('/demo/record')).toMatchObject({ location: '/demo' });
});

test('paths that are not its own go on', async () => {
  const browser = world.browser();
  expect((await browser.get('/demo/other')).status).toBe(404);
  expect((await browser.get('/demonstration')).status).toBe(404);
  expect((await browser.get('/demo/fhir/r4/Patient/p-wiremu')).status).toBe(401);
  expect(world.stub.asked).toHaveLength(3);
});
