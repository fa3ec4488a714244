import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { LyingProvider } from '../../support/lying-provider.ts';
import type { TestServer } from '../../support/server.ts';
import {
  type Elsewhere,
  knownToPortal,
  portalRequest,
  signInPage,
  startElsewhere,
  toProvider,
} from './elsewhere.ts';

/** How lately somebody proved who she is, where she did so elsewhere. */

let provider: LyingProvider;
let server: TestServer;
let elsewhere: Elsewhere;

beforeAll(async () => {
  elsewhere = await startElsewhere();
  ({ provider, server } = elsewhere);
});
afterEach(() => provider.honest());
afterAll(() => elsewhere?.close());

const ago = (seconds: number) => Math.floor(Date.now() / 1000) - seconds;

/** Signs in there, having done so some seconds ago: how far that leads. */
async function arriveAfter(seconds: number | undefined, change: Readonly<Record<string, string>>) {
  provider.person = { ...provider.person, ...(seconds === undefined ? {} : { auth_time: ago(seconds) }) };
  const waiting = await signInPage(server, { ...portalRequest, ...change });
  return { waiting, page: await elsewhere.through(waiting) };
}

describe.each([
  ['a source that asks anew', { single_sign_on: false }],
  ['a source where an earlier sign-in is enough', { single_sign_on: true }],
])('IS-04 %s', (_name, settings) => {
  beforeAll(async () => {
    await elsewhere.offer(settings);
  });

  test.for<[Record<string, string>, string, string | null]>([
    [{ max_age: '600' }, '600', settings.single_sign_on ? null : 'login'],
    [{ max_age: '0' }, '0', 'login'],
    [{ prompt: 'login' }, '0', 'login'],
  ])('is asked for what the application asks for: %o', async ([change, maxAge, prompt]) => {
    const url = await toProvider(await signInPage(server, { ...portalRequest, ...change }), 'elsewhere');
    expect(url.searchParams.get('max_age')).toBe(maxAge);
    expect(url.searchParams.get('prompt')).toBe(prompt);
  });

  test.for<[Record<string, string>, number]>([
    [{ max_age: '600' }, 1000],
    [{ max_age: '0' }, 100],
    [{ prompt: 'login' }, 100],
  ])('does not satisfy %o with a sign-in of %i seconds ago', async ([change, seconds]) => {
    const { page } = await arriveAfter(seconds, change);
    expect(page.html).toContain('You need to sign in again');
    expect(server.logLines.join()).toContain('auth_time_old');
  });

  test('does not satisfy max_age without saying when it was', async () => {
    const { page } = await arriveAfter(undefined, { max_age: '600' });
    expect(page.html).toContain('You need to sign in again');
    expect(server.logLines.join()).toContain('auth_time_missing');
  });

  test.for<[Record<string, string>, number]>([
    [{ max_age: '600' }, 300],
    [{ prompt: 'login' }, 1],
  ])('satisfies %o with one of %i seconds ago, which auth_time tells', async ([change, seconds]) => {
    const { waiting, page } = await arriveAfter(seconds, change);
    const claims = await knownToPortal(server, waiting, page);
    expect(Math.abs(Number(claims.auth_time) - ago(seconds))).toBeLessThan(5);
  });

  test.for<Record<string, string>>([{}, { max_age: '86400' }])(
    'does not begin a session here with one of twelve hours ago, which would be over at once: %o',
    async (change) => {
      const { page } = await arriveAfter(12 * 3600 + 1, change);
      expect(page.html).toContain('You need to sign in again');
      expect(page.headers.getSetCookie().join()).not.toContain('assent_session=');
    },
  );

  test('says when it was wherever a sign-in of long ago may be enough', async () => {
    const { page, waiting } = await arriveAfter(undefined, {});
    if (settings.single_sign_on) expect(page.html).toContain('You need to sign in again');
    else expect((await knownToPortal(server, waiting, page)).auth_time).toBeGreaterThan(ago(60));
  });
});
