import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { allow, authorise, signIn, usualScope, type Visitor } from '../../support/visitor.ts';
import { begin, beginSignedIn, leftBehind, responseOf, visit } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

/** A browser in which Aroha has signed in and allowed what is usual. */
const decided = async (): Promise<Visitor> => (await authorise(server, { visitor: visit(server) })).visitor;

describe('AZ-06 prompt=none', () => {
  const wider = `${usualScope} patient/MedicationRequest.rs`;

  test.for<[string, () => Promise<Visitor>, Record<string, string>, string]>([
    ['nobody signed in', async () => visit(server), {}, 'login_required'],
    ['signed in, never asked', async () => asked('hana@example.test'), {}, 'consent_required'],
    ['signed in, one new scope', decided, { scope: wider }, 'consent_required'],
    ['signed in, no record', async () => asked('dev@kete.example'), {}, 'consent_required'],
    ['signed in too long ago', decided, { max_age: '0' }, 'login_required'],
    ['none and login', decided, { prompt: 'none login' }, 'invalid_request'],
    ['none and consent', decided, { prompt: 'consent none' }, 'invalid_request'],
    ['a prompt that nobody knows', decided, { prompt: 'sudo' }, 'invalid_request'],
  ])('%s: no page and no code', async ([, browser, change, error]) => {
    const visitor = await browser();
    const before = await leftBehind(server);
    const { page, request } = await begin(server, { visitor, change: { prompt: 'none', ...change } });
    const response = responseOf(page);
    expect(Object.fromEntries(response)).toMatchObject({
      error,
      state: request.parameters.state,
      iss: server.issuer,
    });
    expect(response.has('code')).toBe(false);
    expect(await leftBehind(server)).toEqual(before);
    expect(page.headers.getSetCookie().join()).not.toContain('assent_interaction=');
  });

  /** A browser in which somebody has signed in, and not yet answered. */
  async function asked(identifier: string): Promise<Visitor> {
    return (await beginSignedIn(server, { identifier })).visitor;
  }

  test('signed in and decided: a code, without a page', async () => {
    const { page, request } = await begin(server, { visitor: await decided(), change: { prompt: 'none' } });
    const response = responseOf(page);
    expect(response.has('code')).toBe(true);
    expect(response.get('state')).toBe(request.parameters.state);
    expect(response.get('iss')).toBe(server.issuer);
  });
});

describe('prompt=login', () => {
  test('asks who it is, although she is signed in, and then goes on', async () => {
    const { visitor, page } = await begin(server, { visitor: await decided(), change: { prompt: 'login' } });
    expect(page.html).toContain('<title>Sign in – Assent</title>');
    expect(responseOf(await signIn(visitor, page)).has('code')).toBe(true);
  });

  test('with consent asks both, one after the other', async () => {
    const change = { prompt: 'login consent' };
    const { visitor, page } = await begin(server, { visitor: await decided(), change });
    const consent = await signIn(visitor, page);
    expect(consent.html).toContain('Aroha Ngata (you)');
    expect(responseOf(await allow(visitor, consent)).has('code')).toBe(true);
  });

  test('a wrong password there leads nowhere, and the session stays', async () => {
    const { visitor, page } = await begin(server, { visitor: await decided(), change: { prompt: 'login' } });
    const again = await signIn(visitor, page, { password: 'wrong' });
    expect(again).toMatchObject({ status: 200, location: undefined });
    const silent = await begin(server, { visitor, change: { prompt: 'none' } });
    expect(responseOf(silent.page).has('code')).toBe(true);
  });
});

describe('max_age', () => {
  test.for([
    ['older than it: asked to sign in', '60', 61],
    ['older than it by a second of many', '600', 601],
  ] as const)('%s', async ([, age, passed]) => {
    const visitor = await decided();
    shiftTime(passed);
    const { page } = await begin(server, { visitor, change: { max_age: age } });
    expect(page.html).toContain('<title>Sign in – Assent</title>');
    expect(responseOf(await signIn(visitor, page)).has('code')).toBe(true);
  });

  test('younger than it: not asked', async () => {
    const visitor = await decided();
    shiftTime(50);
    const { page } = await begin(server, { visitor, change: { max_age: '60' } });
    expect(responseOf(page).has('code')).toBe(true);
  });

  test.for(['-1', 'soon', '1.5', '99999999999999999999'])('"%s" is no age', async (age) => {
    const { page } = await begin(server, { visitor: await decided(), change: { max_age: age } });
    expect(responseOf(page).get('error')).toBe('invalid_request');
  });
});
