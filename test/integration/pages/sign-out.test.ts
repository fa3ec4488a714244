import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { formTo, introspect } from '../../support/visitor.ts';
import { answerSignOut, endSession, isSignedIn, signedIn } from './leaving.ts';
import { visit } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const registered = 'http://127.0.0.1:8090/';

describe('signing out', () => {
  test('is asked first: a person is not signed out by a link', async () => {
    const { visitor } = await signedIn(server);
    const page = await endSession(server, visitor);
    expect(page.html).toContain('Do you want to sign out?');
    expect(await isSignedIn(server, visitor)).toBe(true);
  });

  test('without an application: a page that says it is done', async () => {
    const { visitor } = await signedIn(server);
    const done = await visitor.follow(await answerSignOut(visitor, await endSession(server, visitor), 'out'));
    expect(done.html).toContain('You are signed out');
    expect(await isSignedIn(server, visitor)).toBe(false);
  });

  test('“Stay signed in”: she stays, and no page says otherwise', async () => {
    const { visitor, tokens } = await signedIn(server);
    const done = await visitor.follow(
      await answerSignOut(visitor, await endSession(server, visitor), 'stay'),
    );
    expect(done.status).toBe(200);
    expect(done.html).not.toContain('You are signed out');
    expect(await isSignedIn(server, visitor)).toBe(true);
    expect(await introspect(server, tokens.access_token)).toMatchObject({ active: true });
  });

  test('“Stay signed in” leads back to the application that asked, too', async () => {
    const { visitor, tokens } = await signedIn(server);
    const parameters = {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: registered,
      state: 's 1',
    };
    const back = await answerSignOut(visitor, await endSession(server, visitor, parameters), 'stay');
    expect(back.location).toBe(`${registered}?state=s+1`);
    expect(await isSignedIn(server, visitor)).toBe(true);
  });

  test('an audit row says who, once', async () => {
    const { visitor } = await signedIn(server, 'mere@example.test');
    await answerSignOut(visitor, await endSession(server, visitor), 'out');
    const rows = await server.sql(
      "SELECT * FROM audit_events WHERE type = 'person.signed-out' AND subject = 'mere'",
    );
    expect(rows).toHaveLength(1);
  });
});

describe('where nobody is signed in', () => {
  test('a page that says so, without a question', async () => {
    const page = await endSession(server, visit(server));
    expect(page.html).toContain('You are signed out');
    expect(page.html).not.toContain('Do you want to sign out?');
  });

  test('with a way back: a form to press, which leads there with state', async () => {
    const visitor = visit(server);
    const parameters = { client_id: 'kete-web', post_logout_redirect_uri: registered, state: 'x' };
    const page = await endSession(server, visitor, parameters);
    expect(page.html).toContain('Choose “Continue” to go on to the application.');
    const { action, fields } = formTo(page, '/session/end/confirm');
    expect((await visitor.post(action, fields)).location).toBe(`${registered}?state=x`);
  });

  test('with an address that is not registered: 400', async () => {
    const parameters = { client_id: 'kete-web', post_logout_redirect_uri: 'https://evil.example/' };
    expect(await endSession(server, visit(server), parameters)).toMatchObject({
      status: 400,
      location: undefined,
    });
  });

  test('the address of the last page, typed in', async () => {
    const page = await visit(server).get(`${server.issuer}/session/end/success`);
    expect(page).toMatchObject({ status: 200, location: undefined });
  });
});
