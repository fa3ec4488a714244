import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chooseRole, clinicalRole, practise, wardChange } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, formTo, type Page, signIn, type Visitor } from '../../support/visitor.ts';
import { beginSignedIn, leftBehind, responseOf, visit } from '../pages/steps.ts';
import { beginWard, expectConsentPage, expectRolePage, expectSignInPage, priya, rangi } from './role-page.ts';
import { putRangi, putShah, registerSurgery, surgeryChange } from './surgery.ts';

/** People who have no role at the organisation of the application. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await registerSurgery(server);
});
beforeEach(async () => {
  await putShah(server);
  await putRangi(server);
});
afterAll(() => server.close());

/** A browser in which somebody signed in for an application where that was right. */
async function sessionOf(identifier: string): Promise<Visitor> {
  const visitor = visit(server);
  if (identifier === 'aroha@example.test') await authorise(server, { visitor });
  else await practise(server, { visitor, identifier, change: surgeryChange });
  return visitor;
}

/** Presses Continue on the page that says that somebody else was signed in. */
function goOn(visitor: Visitor, page: Page): Promise<Page> {
  const { action, fields } = formTo(page, '/session/end/confirm');
  return visitor.post(action, fields).then(visitor.follow);
}

describe('who signs in at the ward', () => {
  test.for([
    ['a receptionist of another organisation', 'rangi@example.test'],
    ['a patient', 'aroha@example.test'],
    ['somebody who is neither', 'dev@kete.example'],
  ])('%s: access_denied right after it, without a question', async ([, identifier]) => {
    const begun = await beginWard(server);
    const [consents] = await server.sql('SELECT count(*) FROM consents');
    const page = await signIn(begun.visitor, begun.page, { identifier: String(identifier) });
    expect(Object.fromEntries(responseOf(page))).toMatchObject({
      error: 'access_denied',
      error_description: expect.stringContaining('no role at the organisation'),
      state: begun.request.parameters.state,
      iss: server.issuer,
    });
    expect(await server.sql('SELECT count(*) FROM consents')).toEqual([consents]);
  });

  test('Dr Shah, when her roles there have ended', async () => {
    await putShah(server, { clinical: undefined, professional: undefined });
    const { page } = await beginSignedIn(server, { change: wardChange, ...priya });
    expect(responseOf(page).get('error')).toBe('access_denied');
  });

  test('Dr Shah, when the application is another organisation’s', async () => {
    await registerSurgery(server, { organization: 'platform' });
    const { page } = await beginSignedIn(server, { change: surgeryChange, ...priya });
    await registerSurgery(server);
    expect(responseOf(page).get('error')).toBe('access_denied');
  });
});

describe('a session that somebody else began', () => {
  test.for([
    ['Rangi', 'rangi@example.test'],
    ['a patient', 'aroha@example.test'],
  ])('by %s: asked to sign in, and the doctor who does goes on', async ([, identifier]) => {
    const visitor = await sessionOf(String(identifier));
    const { page, request } = await beginWard(server, visitor, { prompt: 'consent' });
    expectSignInPage(page);
    const between = await signIn(visitor, page, priya);
    expect(between.html).toContain('Someone else was signed in here');
    const role = await goOn(visitor, between);
    expectRolePage(role);
    expect(role.html).toContain('Dr Priya Shah');
    const consent = await chooseRole(visitor, role, clinicalRole);
    expectConsentPage(consent);
    const { action, fields } = formTo(consent, '/consent');
    const end = await visitor.follow(await visitor.post(action, [...fields, ['decision', 'allow']]));
    expect(responseOf(end).has('code')).toBe(true);
    expect(responseOf(end).get('state')).toBe(request.parameters.state);
  });

  test('AZ-06 prompt=none says login_required, without a page and without a trace', async () => {
    const visitor = await sessionOf('rangi@example.test');
    const before = await leftBehind(server);
    const { page, request } = await beginWard(server, visitor, { prompt: 'none' });
    expect(Object.fromEntries(responseOf(page))).toMatchObject({
      error: 'login_required',
      state: request.parameters.state,
    });
    expect(await leftBehind(server)).toEqual(before);
  });

  test('who signs in there as himself once more is refused, and is not caught in a circle', async () => {
    const visitor = await sessionOf('rangi@example.test');
    const { page } = await beginWard(server, visitor);
    expect(responseOf(await signIn(visitor, page, rangi)).get('error')).toBe('access_denied');
    // The next one at the same computer is asked who she is.
    expectSignInPage((await beginWard(server, visitor)).page);
  });

  test('stays good where it was: the other application asks nothing', async () => {
    const visitor = await sessionOf('rangi@example.test');
    await beginWard(server, visitor);
    const { authorised } = await practise(server, { visitor, change: { ...surgeryChange, prompt: 'none' } });
    expect(authorised).toBeDefined();
  });

  test('by somebody whose role has ended since: asked to sign in', async () => {
    const visitor = await sessionOf('priya@example.test');
    expectRolePage((await beginWard(server, visitor)).page);
    await putShah(server, { clinical: undefined, professional: undefined });
    expectSignInPage((await beginWard(server, visitor)).page);
  });
});

test('the way back from that sign-in page is access_denied', async () => {
  const visitor = await sessionOf('rangi@example.test');
  const { page } = await beginWard(server, visitor);
  const { action, fields } = formTo(page, '/cancel');
  expect(responseOf(await visitor.follow(await visitor.post(action, fields))).get('error')).toBe(
    'access_denied',
  );
});
