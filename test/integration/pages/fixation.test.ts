import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { allow, demoPassword, formTo, signIn, type Visitor } from '../../support/visitor.ts';
import { begin, beginSignedIn, responseOf, visit } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const change = { prompt: 'consent' };

const sessionOf = (visitor: Visitor) => visitor.cookies('/').find((one) => one.startsWith('assent_session='));

/** Whom the server takes a browser for, without asking anybody. */
async function silently(visitor: Visitor): Promise<string> {
  const { page } = await begin(server, { visitor, change: { prompt: 'none' } });
  return responseOf(page).get('error') ?? 'signed in';
}

describe('SE-02 session fixation', () => {
  test('the session id changes when a person signs in, and again when she signs in anew', async () => {
    const begun = await begin(server, { change });
    const { visitor } = begun;
    const before = sessionOf(visitor);
    const consent = await signIn(visitor, begun.page);
    const signedIn = sessionOf(visitor);
    expect(signedIn).toBeDefined();
    expect(signedIn).not.toBe(before);
    await allow(visitor, consent);
    const again = await begin(server, { visitor, change: { prompt: 'login' } });
    await visitor.follow(await signIn(visitor, again.page));
    expect(sessionOf(visitor)).not.toBe(signedIn);
  });

  test('a browser whose cookies were planted in another one stays anonymous when that one signs in', async () => {
    const { visitor: victim, page } = await begin(server, { change });
    const attacker = victim.copy();
    expect(responseOf(await allow(victim, await signIn(victim, page))).has('code')).toBe(true);
    expect(await silently(victim)).toBe('signed in');
    expect(await silently(attacker)).toBe('login_required');
    expect((await attacker.get(page.url)).html).toContain('This page is no longer valid');
    expect((await attacker.get(page.url.replace('/interaction/', '/auth/'))).status).toBe(400);
  });

  test('a planted interaction is of no use in the moment between password and way back either', async () => {
    const { visitor: victim, page } = await begin(server, { change });
    const attacker = victim.copy();
    const form = formTo(page, '/sign-in');
    const typed = Object.entries({ identifier: 'aroha@example.test', password: demoPassword });
    const answer = await victim.post(form.action, [...form.fields, ...typed]);
    await attacker.get(answer.location ?? '');
    expect(await silently(attacker)).toBe('login_required');
  });

  test('not even for somebody who has an account and signed in on the planted page before', async () => {
    const { visitor: victim, page } = await begin(server, { change });
    const attacker = victim.copy();
    const form = formTo(page, '/sign-in');
    const typed = (identifier: string) => Object.entries({ identifier, password: demoPassword });
    await attacker.post(form.action, [...form.fields, ...typed('dev@kete.example')]);
    const answer = await victim.post(form.action, [...form.fields, ...typed('aroha@example.test')]);
    const end = await attacker.follow(await attacker.get(answer.location ?? ''));
    expect(end.html.includes('Aroha')).toBe(false);
    expect(await silently(attacker)).toBe('login_required');
  });

  test.for(['assent_session=planted', 'assent_session=planted; assent_session.sig=planted'])(
    'a made-up session id is not taken over: %s',
    async (Cookie) => {
      const { request } = await begin(server, { change });
      const visitor = visit(server);
      const page = await visitor.follow(await visitor.get(request.url, { Cookie }));
      await signIn(visitor, page);
      expect(sessionOf(visitor)).toBeDefined();
      expect(sessionOf(visitor)).not.toContain('planted');
    },
  );

  test('the old session id is nobody after a new sign-in', async () => {
    const { visitor } = await beginSignedIn(server, { change });
    const old = visitor.copy();
    const again = await begin(server, { visitor, change: { prompt: 'login' } });
    await signIn(visitor, again.page);
    expect(await silently(old)).toBe('login_required');
  });
});
