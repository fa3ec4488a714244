import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { LyingProvider } from '../../support/lying-provider.ts';
import type { TestServer } from '../../support/server.ts';
import type { Page, Visitor } from '../../support/visitor.ts';
import {
  type Elsewhere,
  knownToPortal,
  linkedTo,
  portalRequest,
  signInPage,
  startElsewhere,
  toProvider,
  type Waiting,
} from './elsewhere.ts';

/** Whoever signed in at a source may wait with it until she whose account it is has locked him out. */

let provider: LyingProvider;
let server: TestServer;
let elsewhere: Elsewhere;

beforeAll(async () => {
  elsewhere = await startElsewhere();
  ({ provider, server } = elsewhere);
  await elsewhere.offer();
});
beforeEach(async () => {
  provider.honest();
  await server.sql('DELETE FROM linked_identities');
  await server.sql(
    `INSERT INTO linked_identities (issuer, subject, account_id, linked_at, last_used_at)
     VALUES ($1, 'somebody', 'aroha', now(), now())`,
    [provider.issuer],
  );
});
afterAll(() => elsewhere?.close());

/** Signs in there and comes back, but not yet on to the page that goes on with it. */
async function handedOver(): Promise<{ waiting: Waiting; handed: Page }> {
  const waiting = await signInPage(server, portalRequest);
  const back = provider.signIn(await toProvider(waiting, 'elsewhere'));
  const handed = await waiting.visitor.get(back.href);
  expect(handed.location).toContain('/source');
  return { waiting, handed };
}

const isSignedIn = async (visitor: Visitor) => (await visitor.get('/account')).status === 200;
const accounts = async () => (await server.sql('SELECT id FROM accounts')).length;

test('a sign-in at a source that nothing ended is gone on with', async () => {
  const { waiting, handed } = await handedOver();
  const consent = await waiting.visitor.follow(handed);
  expect((await knownToPortal(server, waiting, consent)).sub).toBe('aroha');
});

test.each<[string, () => Promise<unknown>]>([
  [
    'she signed out everywhere',
    () => server.oidc.sessions.signOutEverywhere('aroha', { source: '192.0.2.1' }),
  ],
  ['her factors were reset', () => server.services.people.resetFactors('aroha')],
  ['she took a passkey out', () => server.services.credentials.passkeys.remove('aroha', 'none')],
])('it signs nobody in after %s', async (_what, end) => {
  const { waiting, handed } = await handedOver();
  await end();
  const page = await waiting.visitor.follow(handed);
  expect([page.status, page.html.includes('This page is no longer valid')]).toEqual([400, true]);
  expect(await isSignedIn(waiting.visitor)).toBe(false);
});

test('nor makes it a new account after she took that way in out', async () => {
  const { waiting, handed } = await handedOver();
  const before = await accounts();
  await server.sql('DELETE FROM linked_identities');
  const page = await waiting.visitor.follow(handed);
  expect(page.html).toContain('This page is no longer valid');
  expect([await accounts(), await linkedTo(server, 'somebody')]).toEqual([before, undefined]);
  expect(await isSignedIn(waiting.visitor)).toBe(false);
});
