import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Lies, LyingProvider } from '../../support/lying-provider.ts';
import type { TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { createVisitor, type Page } from '../../support/visitor.ts';
import {
  choose,
  type Elsewhere,
  knownToPortal,
  linkedTo,
  portalRequest,
  signInPage,
  startElsewhere,
  toProvider,
} from './elsewhere.ts';

let provider: LyingProvider;
let server: TestServer;
let elsewhere: Elsewhere;

const settings = {
  claims: {
    identifiers: [{ claim: 'nhs_number', system: 'https://fhir.nhs.uk/Id/nhs-number' }],
    identity_level: { claim: 'level', values: { P9: 'high' } },
  },
  assurance: { claim: 'acr', values: { strong: { acr: '3', amr: ['hwk', 'user', 'mfa'] } } },
};

beforeAll(async () => {
  elsewhere = await startElsewhere();
  ({ provider, server } = elsewhere);
});
beforeEach(async () => {
  provider.honest();
  // Imported anew, it is asked for its metadata anew.
  await elsewhere.offer(settings);
});
afterEach(async () => {
  shiftTime(0);
  await server.sql('DELETE FROM linked_identities');
});
afterAll(() => elsewhere?.close());

const atSignIn = () => signInPage(server, portalRequest);
const accounts = async () => (await server.sql('SELECT id FROM accounts')).length;

/** Expects a page that says so, and that nobody was signed in, nothing was made and nothing told. */
async function expectRefused(page: Page, before: number, heading: string, status = 403): Promise<void> {
  expect(page.status, page.html).toBe(status);
  expect(page.html).toContain(heading);
  expect(page.html).not.toMatch(/somebody@|9434765919|nonce|id_token|stack/i);
  expect(await accounts()).toBe(before);
  expect(await server.sql('SELECT * FROM linked_identities')).toEqual([]);
}

describe('an honest provider', () => {
  test('is asked with PKCE, and by an assertion that is for it; whoever comes is signed in', async () => {
    provider.person = {
      ...provider.person,
      acr: 'strong',
      level: 'P9',
      email: 'x@y.test',
      email_verified: true,
    };
    const waiting = await atSignIn();
    const url = await toProvider(waiting, 'elsewhere');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: 'assent-here',
      redirect_uri: `${server.issuer}/sources/elsewhere/callback`,
      response_type: 'code',
      scope: 'openid profile',
      code_challenge_method: 'S256',
      prompt: 'login',
    });
    const page = await waiting.visitor.follow(await waiting.visitor.get(provider.signIn(url).href));
    const claims = await knownToPortal(server, waiting, page);
    expect(claims).toMatchObject({ acr: '3', amr: ['hwk', 'user', 'mfa'] });
    expect(provider.assertions.at(-1)).toMatchObject({
      iss: 'assent-here',
      sub: 'assent-here',
      aud: provider.issuer,
    });
    const [account] = await server.sql('SELECT * FROM accounts WHERE id = $1', [claims.sub]);
    expect(account).toMatchObject({ identity_level: 'high', email: 'x@y.test', email_verified_at: null });
  });

  test('keeps no cookie and no row once it is done', async () => {
    const waiting = await atSignIn();
    await elsewhere.through(waiting);
    const paths = ['/sources/elsewhere/callback', `${new URL(waiting.page.url).pathname}/source`];
    const cookies = paths.flatMap((path) => waiting.visitor.cookies(path)).join();
    expect(cookies).not.toMatch(/assent_source|assent_arrival/);
    expect(await server.sql('SELECT * FROM source_requests')).toEqual([]);
  });

  test('an assertion is for the token endpoint where the settings say so', async () => {
    await elsewhere.offer({ ...settings, assertion_audience: 'token_endpoint' });
    await elsewhere.through(await atSignIn());
    expect(provider.assertions.at(-1)?.aud).toBe(`${provider.issuer}/token`);
  });

  test('finds the public half of the key, and nothing else of it', async () => {
    const response = await fetch(`${server.issuer}/sources/elsewhere/jwks`);
    const { keys } = (await response.json()) as { keys: object[] };
    expect(keys).toEqual([provider.clientKey]);
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    const [row] = await server.sql<{ private_key: string }>('SELECT private_key FROM identity_sources');
    expect(row?.private_key).not.toMatch(/"d"|kty/);
    expect((await fetch(`${server.issuer}/sources/nowhere/jwks`)).status).toBe(404);
  });
});

const now = () => Math.floor(Date.now() / 1000);

const lies: readonly (readonly [story: string, lie: Lies, code: string])[] = [
  [
    'another issuer',
    { idToken: (c) => ({ ...c, iss: 'https://evil.example' }) },
    'OAUTH_JWT_CLAIM_COMPARISON',
  ],
  ['another audience', { idToken: (c) => ({ ...c, aud: 'another' }) }, 'OAUTH_JWT_CLAIM_COMPARISON'],
  ['another nonce', { idToken: (c) => ({ ...c, nonce: 'another' }) }, 'OAUTH_JWT_CLAIM_COMPARISON'],
  ['no nonce', { idToken: ({ nonce: _, ...c }) => c }, 'OAUTH_INVALID_RESPONSE'],
  ['a token that has ended', { idToken: (c) => ({ ...c, exp: now() - 120 }) }, 'OAUTH_JWT_TIMESTAMP'],
  ['a key that it does not publish', { foreignKey: true }, ''],
  ['no signature', { unsigned: true }, ''],
  ['somebody else at the userinfo endpoint', { userinfo: (c) => ({ ...c, sub: 'another' }) }, ''],
  [
    'an NHS number that cannot be',
    { userinfo: (c) => ({ ...c, nhs_number: '9434765918' }) },
    'claim_refused',
  ],
  ['an unknown identity level', { userinfo: (c) => ({ ...c, level: 'P7' }) }, 'claim_refused'],
  ['another issuer in its metadata', { metadata: { issuer: 'https://evil.example' } }, ''],
  ['no grant', { token: { status: 400, body: { error: 'invalid_grant' } } }, 'invalid_grant'],
  ['not who we are', { token: { status: 401, body: { error: 'invalid_client' } } }, 'invalid_client'],
  ['no ID token', { token: { status: 200, body: { access_token: 'a', token_type: 'Bearer' } } }, ''],
];

describe('IS-01 a provider that lies', () => {
  test.each(lies)('with %s: nobody is signed in', async (_story, lie, code) => {
    const before = await accounts();
    const lines = server.logLines.length;
    provider.lies = lie;
    const waiting = await atSignIn();
    const first = await choose(waiting, 'elsewhere');
    const page = first.status === 200 ? await elsewhere.through(waiting) : first;
    await expectRefused(page, before, 'You are not signed in');
    const logged = server.logLines.slice(lines).join();
    expect(logged).toContain('a sign-in elsewhere came to nothing');
    expect(logged).toContain(code);
    expect(logged).not.toMatch(/9434765918|Somebody Else|evil\.example/);
    // The way back is open still.
    provider.honest();
    await elsewhere.offer(settings);
    const again = await waiting.visitor.get(waiting.page.url);
    expect((await elsewhere.through({ ...waiting, page: again })).html).toContain('/consent"');
  });

  test('by a response that names another issuer (RFC 9207)', async () => {
    const before = await accounts();
    const waiting = await atSignIn();
    const back = provider.signIn(await toProvider(waiting, 'elsewhere'));
    back.searchParams.set('iss', 'https://evil.example');
    await expectRefused(await waiting.visitor.get(back.href), before, 'You are not signed in');
  });

  test.each(['true', 'yes', 1, undefined])(
    'about the address (email_verified %j): it is not kept',
    async (verified) => {
      provider.person = { ...provider.person, email: 'aroha@example.test', email_verified: verified };
      const waiting = await atSignIn();
      const { sub } = await knownToPortal(server, waiting, await elsewhere.through(waiting));
      // Nor is it the account that signs in with this address.
      expect(sub).not.toBe('aroha');
      const [account] = await server.sql('SELECT email FROM accounts WHERE id = $1', [sub]);
      expect(account).toEqual({ email: null });
    },
  );

  test('an address that belongs to an account here, verified or not, links to nothing', async () => {
    provider.person = { ...provider.person, email: 'aroha@example.test', email_verified: true };
    const waiting = await atSignIn();
    const { sub } = await knownToPortal(server, waiting, await elsewhere.through(waiting));
    expect(sub).not.toBe('aroha');
  });

  test('to a place in the inner network: it is not gone to', async () => {
    const before = await accounts();
    provider.lies = { metadata: { token_endpoint: 'http://127.0.0.1:1/token' } };
    await expectRefused(await elsewhere.through(await atSignIn()), before, 'We cannot reach Elsewhere', 503);
    provider.lies = { metadata: { authorization_endpoint: 'javascript:alert(1)' } };
    await elsewhere.offer(settings);
    await expectRefused(await choose(await atSignIn(), 'elsewhere'), before, 'You are not signed in');
  });
});

describe('a provider that does not let somebody in', () => {
  test.each([
    ['access_denied', 'You are not signed in', 403],
    ['login_required', 'You are not signed in', 403],
    ['temporarily_unavailable', 'We cannot reach Elsewhere', 503],
  ])('%s: a page with a way back, and the code in the log', async (error, heading, status) => {
    const before = await accounts();
    const waiting = await atSignIn();
    const url = await toProvider(waiting, 'elsewhere');
    const answer = { error, error_description: '<b>no</b>', state: String(url.searchParams.get('state')) };
    const back = `${server.issuer}/sources/elsewhere/callback?${new URLSearchParams(answer)}`;
    const page = await waiting.visitor.get(back);
    await expectRefused(page, before, heading, status);
    expect(page.html).toContain(`href="${new URL(waiting.page.url).pathname}"`);
    expect(page.html).not.toContain('<b>no</b>');
    expect(server.logLines.join()).toContain(`"error":"${error}"`);
  });

  test.each(['at once', 'later'])('does not answer %s', async (when) => {
    const before = await accounts();
    const waiting = await atSignIn();
    if (when === 'at once') {
      provider.lies = { silent: true };
      await expectRefused(await choose(waiting, 'elsewhere'), before, 'We cannot reach Elsewhere', 503);
    } else {
      const back = provider.signIn(await toProvider(waiting, 'elsewhere'));
      provider.lies = { silent: true };
      await expectRefused(await waiting.visitor.get(back.href), before, 'We cannot reach Elsewhere', 503);
    }
  });

  test('a source that makes no accounts says what to do', async () => {
    const before = await accounts();
    await elsewhere.offer({ ...settings, new_accounts: false });
    await expectRefused(await elsewhere.through(await atSignIn()), before, 'We do not know you yet');
  });

  test('an account needs a name', async () => {
    const before = await accounts();
    provider.person = { sub: 'somebody' };
    await expectRefused(await elsewhere.through(await atSignIn()), before, 'We could not make your account');
  });

  test('an account that was closed stays closed', async () => {
    const waiting = await atSignIn();
    const { sub } = await knownToPortal(server, waiting, await elsewhere.through(waiting));
    await server.sql('UPDATE accounts SET disabled_at = now() WHERE id = $1', [sub]);
    const page = await elsewhere.through(await atSignIn());
    expect(page.status).toBe(403);
    expect(page.html).toContain('You cannot use this account');
  });

  test('another NHS number than the account has', async () => {
    provider.person = { ...provider.person, nhs_number: '9434765919' };
    const waiting = await atSignIn();
    const { sub } = await knownToPortal(server, waiting, await elsewhere.through(waiting));
    provider.person = { ...provider.person, nhs_number: '9990001073' };
    const page = await elsewhere.through(await atSignIn());
    expect(page.status).toBe(403);
    expect(page.html).toContain('The number that Elsewhere has for you');
    const rows = await server.sql('SELECT value FROM health_identifiers WHERE account_id = $1', [sub]);
    expect(rows).toEqual([{ value: '9434765919' }]);
    await server.sql('DELETE FROM health_identifiers WHERE account_id = $1', [sub]);
  });
});

describe('IS-02 an answer that nobody waits for', () => {
  const expired = 'This page is no longer valid';

  test('in another browser, which does not end it for the right one', async () => {
    const waiting = await atSignIn();
    const back = provider.signIn(await toProvider(waiting, 'elsewhere'));
    const stranger = await createVisitor(server.issuer).get(back.href);
    expect(stranger.status).toBe(400);
    expect(stranger.html).toContain(expired);
    // Nor in one that is on its way itself.
    const other = await atSignIn();
    await toProvider(other, 'elsewhere');
    expect((await other.visitor.get(back.href)).status).toBe(400);
    const page = await waiting.visitor.follow(await waiting.visitor.get(back.href));
    expect(page.html).toContain('/consent"');
  });

  test('used before', async () => {
    const waiting = await atSignIn();
    const back = provider.signIn(await toProvider(waiting, 'elsewhere'));
    const copy = waiting.visitor.copy();
    await waiting.visitor.get(back.href);
    for (const visitor of [waiting.visitor, copy]) expect((await visitor.get(back.href)).status).toBe(400);
  });

  test('too late', async () => {
    const waiting = await atSignIn();
    const back = provider.signIn(await toProvider(waiting, 'elsewhere'));
    shiftTime(901);
    expect((await waiting.visitor.get(back.href)).html).toContain(expired);
  });

  test('for another source', async () => {
    const waiting = await atSignIn();
    const back = provider.signIn(await toProvider(waiting, 'elsewhere'));
    const page = await waiting.visitor.get(back.href.replace('/elsewhere/', '/other/'));
    expect(page.status).toBe(400);
  });

  test.each(['', '?state=', '?code=x', '?state=x&state=y', '?error=access_denied'])(
    'made up: %j',
    async (query) => {
      const page = await createVisitor(server.issuer).get(`/sources/elsewhere/callback${query}`);
      expect(page.status).toBe(400);
      expect(page.html).toContain(expired);
    },
  );

  test('handed over to another sign-in', async () => {
    const waiting = await atSignIn();
    const back = provider.signIn(await toProvider(waiting, 'elsewhere'));
    const handed = await waiting.visitor.get(back.href);
    const [cookie = ''] = handed.headers.getSetCookie().filter((line) => line.startsWith('assent_arrival='));
    const other = await atSignIn();
    const step = `${other.page.url}/source`;
    const page = await other.visitor.get(step, {
      Cookie: [...other.visitor.cookies(new URL(step).pathname), cookie.split(';')[0]].join('; '),
    });
    expect(page.status).toBe(400);
    expect(await linkedTo(server, 'somebody')).toBeUndefined();
  });

  test('a form from another site does not begin it', async () => {
    const waiting = await atSignIn();
    const response = await waiting.visitor.post(`${waiting.page.url}/source`, [['source', 'elsewhere']], {
      'Sec-Fetch-Site': 'cross-site',
    });
    expect(response.status).toBe(403);
    expect(response.headers.get('refresh')).toBeNull();
  });
});
