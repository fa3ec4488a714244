import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { authorise, exchange, introspect, keteWeb, type Visitor } from '../../support/visitor.ts';
import { signOut } from './leaving.ts';
import { refreshOnline, registerOnline, tokensOfOnline } from './online.ts';
import { begin, responseOf, visit } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await registerOnline(server);
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Whether a browser is still known, without asking anybody. */
async function silently(visitor: Visitor): Promise<string> {
  const { page } = await begin(server, { visitor, change: { prompt: 'none' } });
  return responseOf(page).get('error') ?? 'signed in';
}

const signedIn = async (identifier?: string): Promise<Visitor> => {
  const visitor = visit(server);
  await authorise(server, identifier === undefined ? { visitor } : { visitor, identifier });
  return visitor;
};

describe('SE-04 after signing out', () => {
  test('the cookie is taken back, and the old one is nobody', async () => {
    const visitor = await signedIn();
    const old = visitor.copy();
    await signOut(server, visitor);
    expect(visitor.cookies('/').filter((one) => one.startsWith('assent_session='))).toEqual([]);
    expect([await silently(visitor), await silently(old)]).toEqual(['login_required', 'login_required']);
    expect((await begin(server, { visitor: old })).page.html).toContain('<title>Sign in – Assent</title>');
  });

  test('what was granted for the session is over, what was granted beyond it lives', async () => {
    const visitor = visit(server);
    const online = await tokensOfOnline(server, visitor);
    const offline = await exchange(server, await authorise(server, { visitor }));
    expect(await introspect(server, online.access_token)).toMatchObject({ active: true });
    await signOut(server, visitor);
    expect(await introspect(server, online.access_token)).toEqual({ active: false });
    expect((await refreshOnline(server, online.refresh_token)).status).toBe(400);
    expect(await introspect(server, offline.access_token)).toMatchObject({ active: true });
    const form = { grant_type: 'refresh_token', refresh_token: offline.refresh_token ?? '' };
    expect((await server.token(form, keteWeb)).status).toBe(200);
  });

  test('a code that was not exchanged yet is void', async () => {
    const visitor = visit(server);
    const scope = 'openid launch/patient patient/Patient.rs';
    const { code, verifier, redirectUri } = await authorise(server, { visitor, change: { scope } });
    await signOut(server, visitor);
    const form = {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: redirectUri,
    };
    const answer = await server.token(form, keteWeb);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: 'invalid_grant' });
  });

  test('another browser of the same person stays signed in', async () => {
    const [phone, laptop] = [await signedIn(), await signedIn()];
    await signOut(server, phone);
    expect(await silently(laptop)).toBe('signed in');
  });
});

describe('SE-04 the life of a session', () => {
  test.for([
    ['59 minutes idle', 59 * MINUTE, 'signed in'],
    ['61 minutes idle', 61 * MINUTE, 'login_required'],
  ] as const)('%s: %s', async ([, seconds, expected]) => {
    const visitor = await signedIn();
    shiftTime(seconds);
    expect(await silently(visitor)).toBe(expected);
  });

  test('used every 50 minutes it lives on, and ends 12 hours after the password all the same', async () => {
    const visitor = await signedIn();
    const seen: string[] = [];
    for (let passed = 50 * MINUTE; passed < 13 * HOUR; passed += 50 * MINUTE) {
      shiftTime(passed);
      seen.push(`${Math.floor(passed / HOUR)} ${await silently(visitor)}`);
    }
    expect(seen.filter((one) => Number.parseInt(one, 10) < 12 && !one.endsWith('signed in'))).toEqual([]);
    expect(seen.at(-1)).toBe('12 login_required');
    expect((await begin(server, { visitor })).page.html).toContain('<title>Sign in – Assent</title>');
  });

  test('online access ends with it: 61 minutes of nothing, and the refresh token is over', async () => {
    const online = await tokensOfOnline(server, visit(server));
    shiftTime(61 * MINUTE);
    expect((await refreshOnline(server, online.refresh_token)).status).toBe(400);
  });
});

describe('an account that was disabled', () => {
  test('is asked to sign in, whatever its session says, and cannot', async () => {
    const visitor = await signedIn('tom@example.test');
    await server.sql("UPDATE accounts SET disabled_at = now() WHERE id = 'tom'");
    expect(await silently(visitor)).toBe('login_required');
    const { page } = await begin(server, { visitor });
    expect(page.html).toContain('<title>Sign in – Assent</title>');
    expect(page.html).not.toContain('Tom');
    await server.sql("UPDATE accounts SET disabled_at = NULL WHERE id = 'tom'");
    expect(await silently(visitor)).toBe('signed in');
  });
});
