import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  allow,
  authorise,
  exchange,
  formTo,
  introspect,
  type Page,
  signIn,
  type Visitor,
} from '../../support/visitor.ts';
import { begin, beginSignedIn, cancel, press, responseOf, visit } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const hana = { identifier: 'hana@example.test' };

/** Presses Continue on the page that says that somebody else was signed in. */
function goOn(visitor: Visitor, page: Page): Promise<Page> {
  expect(page.html).toContain('Someone else was signed in here');
  const { action, fields } = formTo(page, '/session/end/confirm');
  return visitor.post(action, fields).then(visitor.follow);
}

async function subjectOf(visitor: Visitor): Promise<unknown> {
  const authorised = await authorise(server, { visitor });
  return (await introspect(server, (await exchange(server, authorised)).access_token)).sub;
}

describe('another person on the same browser', () => {
  test('is asked herself: nothing that the first one allowed is given to her', async () => {
    const aroha = await authorise(server, { visitor: visit(server) });
    const { visitor } = aroha;
    const tokens = await exchange(server, aroha);
    const { page, request } = await begin(server, { visitor, change: { prompt: 'login' } });
    const consent = await goOn(visitor, await signIn(visitor, page, hana));
    expect(consent.html).toContain('Hana Ngata (you)');
    expect(consent.html).not.toContain('Aroha');
    const response = responseOf(await allow(visitor, consent));
    expect(response.get('state')).toBe(request.parameters.state);
    expect(await subjectOf(visitor)).toBe('hana');
    // The first one had asked for access without her being there.
    expect(await introspect(server, tokens.access_token)).toMatchObject({ active: true, sub: 'aroha' });
  });

  test("ends the first one's session: her access that was for the session only is over", async () => {
    const change = { scope: 'openid launch/patient patient/Patient.rs', prompt: 'consent' };
    const aroha = await authorise(server, { visitor: visit(server), change });
    const { visitor } = aroha;
    const old = visitor.copy();
    const tokens = await exchange(server, aroha);
    const { page } = await begin(server, { visitor, change: { prompt: 'login' } });
    const next = await goOn(visitor, await signIn(visitor, page, hana));
    expect(next.html).not.toContain('Aroha');
    expect(await introspect(server, tokens.access_token)).toEqual({ active: false });
    const silent = await begin(server, { visitor: old, change: { prompt: 'none' } });
    expect(responseOf(silent.page).get('error')).toBe('login_required');
  });

  test('who does not press Continue leaves everything as it was', async () => {
    const { visitor } = await authorise(server, { visitor: visit(server) });
    const { page } = await begin(server, { visitor, change: { prompt: 'login' } });
    await signIn(visitor, page, hana);
    expect(await subjectOf(visitor)).toBe('aroha');
  });

  test('the page says so in a form of its own, not by a script', async () => {
    const { visitor } = await authorise(server, { visitor: visit(server) });
    const { page } = await begin(server, { visitor, change: { prompt: 'login' } });
    const between = await signIn(visitor, page, hana);
    expect(between).toMatchObject({ status: 200, location: undefined });
    expect(between.headers.get('content-security-policy')).toContain("script-src 'none'");
    expect(between.html).toContain('Another person was signed in on this browser.');
    expect(between.html).not.toContain('Aroha');
  });
});

describe('“Sign in as someone else”', () => {
  const change = { prompt: 'consent' };

  test('leads to the sign-in page, and to the other person’s own question', async () => {
    const { visitor, page, request } = await beginSignedIn(server, { change });
    const again = await visitor.follow(await press(visitor, page, 'switch'));
    expect(again.html).toContain('<title>Sign in – Assent</title>');
    const consent = await goOn(visitor, await signIn(visitor, again, { identifier: 'mere@example.test' }));
    expect(consent.html).toContain('Mere Ngata (you)');
    expect(consent.html).not.toContain('Aroha');
    expect(responseOf(await allow(visitor, consent)).get('state')).toBe(request.parameters.state);
    expect(await subjectOf(visitor)).toBe('mere');
  });

  test('the same person may sign in again', async () => {
    const { visitor, page } = await beginSignedIn(server, { change });
    const again = await visitor.follow(await press(visitor, page, 'switch'));
    const consent = await signIn(visitor, again);
    expect(consent.html).toContain('Aroha Ngata (you)');
    expect(responseOf(await allow(visitor, consent)).has('code')).toBe(true);
  });

  test('can be left by the way back', async () => {
    const { visitor, page, request } = await beginSignedIn(server, { change });
    const again = await visitor.follow(await press(visitor, page, 'switch'));
    const response = responseOf(await visitor.follow(await cancel(visitor, again)));
    expect(response.get('error')).toBe('access_denied');
    expect(response.get('state')).toBe(request.parameters.state);
  });

  test('the consent page that was left for it is over', async () => {
    const { visitor, page } = await beginSignedIn(server, { change });
    await visitor.follow(await press(visitor, page, 'switch'));
    for (const decision of ['allow', 'deny', 'switch'])
      expect(await press(visitor, page, decision)).toMatchObject({ status: 400, location: undefined });
  });
});
