import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  isActive,
  labChange,
  labWeb,
  lasting,
  newFamily,
  registerLab,
  tryRefresh,
} from '../../support/exchange.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { isSignedIn, signOut } from '../pages/leaving.ts';

/** In which browsers somebody is signed in, and how that ends from elsewhere. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await registerLab(server);
});
afterAll(() => {
  shiftTime(0);
  return server.close();
});

const source = '127.0.0.1';
const list = (accountId: string) => server.oidc.sessions.list(accountId);

/** A browser in which somebody has signed in, with an application whose access ends with the session. */
const signedIn = (identifier: string) =>
  newFamily(server, {
    identifier,
    change: { ...labChange, scope: lasting('online_access') },
    client: labWeb,
  });

/** Signs Aroha in, and finds that session in the list: times there are whole seconds, so its place says nothing. */
async function signedInAs() {
  const before = (await list('aroha')).map(({ uid }) => uid);
  const family = await signedIn('aroha@example.test');
  const added = (await list('aroha')).find(({ uid }) => !before.includes(uid));
  if (added === undefined) throw new Error('she is signed in nowhere');
  return { ...family, uid: added.uid };
}

describe('the list', () => {
  test('has a row from signing in to signing out, and none of anybody else', async () => {
    const before = await list('aroha');
    const { visitor, uid } = await signedInAs();
    const after = await list('aroha');
    const added = after.find((one) => one.uid === uid);
    expect(after.filter((one) => one !== added)).toEqual(before);
    expect(added).toMatchObject({ acr: '1', amr: ['pwd'], agent: expect.any(String) });
    const lasts = (added?.expiresAt.getTime() ?? 0) - (added?.signedInAt.getTime() ?? 0);
    expect(lasts).toBe(12 * 3600 * 1000);
    expect((await list('hana')).map(({ uid }) => uid)).not.toContain(added?.uid);
    // Opening another application is no new sign-in.
    await newFamily(server, { visitor });
    expect(await list('aroha')).toHaveLength(before.length + 1);
    await signOut(server, visitor);
    expect(await list('aroha')).toEqual(before);
    expect(await server.sql('SELECT FROM browser_sessions WHERE uid = $1', [added?.uid])).toEqual([]);
  });

  test('leaves out a session that has ended by itself', async () => {
    await signedIn('hana@example.test');
    expect(await list('hana')).not.toEqual([]);
    shiftTime(2 * 3600);
    expect(await list('hana')).toEqual([]);
    shiftTime(0);
  });
});

describe('SE-04 signing out one browser from another', () => {
  test('ends that one with what was granted in it, and not the other', async () => {
    const here = await signedIn('aroha@example.test');
    const there = await signedInAs();
    expect(await server.oidc.sessions.signOut('aroha', there.uid, source)).toBe(true);
    expect([await isSignedIn(server, there.visitor), await isActive(server, there.first)]).toEqual([
      false,
      false,
    ]);
    expect(await tryRefresh(server, there.first, labWeb)).toBe('400 invalid_grant');
    expect([await isSignedIn(server, here.visitor), await isActive(server, here.first)]).toEqual([
      true,
      true,
    ]);
    expect(await server.oidc.sessions.signOut('aroha', there.uid, source)).toBe(false);
  });

  test('is nobody else’s to do', async () => {
    const { visitor, uid } = await signedInAs();
    expect(await server.oidc.sessions.signOut('hana', uid, source)).toBe(false);
    expect(await isSignedIn(server, visitor)).toBe(true);
  });

  test('ten times at once happens once', async () => {
    const { uid } = await signedInAs();
    const all = await Promise.all(
      Array.from({ length: 10 }, () => server.oidc.sessions.signOut('aroha', uid, source)),
    );
    expect(all.filter(Boolean)).toHaveLength(1);
  });
});

describe('signing out everywhere', () => {
  test('but here: the others end with what was granted in them; access that lasts goes on', async () => {
    const here = await signedInAs();
    const there = await signedIn('aroha@example.test');
    const { first: kept } = await newFamily(server, { visitor: there.visitor });
    const options = { except: here.uid, source };
    expect(await server.oidc.sessions.signOutEverywhere('aroha', options)).toBeGreaterThan(0);
    expect([await isSignedIn(server, there.visitor), await isActive(server, there.first)]).toEqual([
      false,
      false,
    ]);
    expect([await isSignedIn(server, here.visitor), await isActive(server, here.first)]).toEqual([
      true,
      true,
    ]);
    expect(await tryRefresh(server, kept)).toBe('200');
    expect((await list('aroha')).map(({ uid }) => uid)).toEqual([here.uid]);
  });

  test('for somebody whose password others may know ends access that lasts, too; decisions stay', async () => {
    const { first, visitor } = await newFamily(server, { identifier: 'hana@example.test' });
    await server.oidc.sessions.signOutEverywhere('hana', { grants: 'all', source });
    expect(await tryRefresh(server, first)).toBe('400 invalid_grant');
    expect(await isSignedIn(server, visitor)).toBe(false);
    const rows = await server.sql(
      `SELECT FROM consents WHERE account_id = 'hana' AND client_id = 'kete-web' AND ended_at IS NULL`,
    );
    expect(rows).toHaveLength(1);
    // Signing in again works at once.
    const anew = await newFamily(server, { visitor, identifier: 'hana@example.test' });
    expect(await isActive(server, anew.first)).toBe(true);
  });

  test('holds for a session that could not be reached: it is let in nowhere', async () => {
    const { visitor } = await signedIn('aroha@example.test');
    const [latest] = await list('aroha');
    // As if what keeps sessions had been away: of the session nothing was taken away.
    await server.services.db.transaction(async () => {
      await server.services.accounts.signOut('aroha');
      await server.services.browserSessions.forgetAll('aroha', undefined);
    });
    expect(latest).toBeDefined();
    expect(await isSignedIn(server, visitor)).toBe(false);
    const page = await visitor.follow(await visitor.get('/account'));
    expect(page.html).toContain('/sign-in"');
  });
});
