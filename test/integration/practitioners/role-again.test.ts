import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chooseRole, clinicalRole, healthRole, practise } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { allow, signIn } from '../../support/visitor.ts';
import { beginSignedIn, leftBehind, press, responseOf } from '../pages/steps.ts';
import {
  beginAtRole,
  beginWard,
  clinicalId,
  expectConsentPage,
  expectRolePage,
  expectSignInPage,
  priya,
  sendRole,
  shahVisitor,
} from './role-page.ts';
import { putShah, registerSurgery, surgeryChange } from './surgery.ts';

/** What an answer is good for: the request in which it was given, and the page on which it stood. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await registerSurgery(server);
});
beforeEach(() => putShah(server));
afterAll(() => server.close());

describe('prompt=login', () => {
  test('asks who it is, then for the role, then goes on', async () => {
    const { visitor } = await practise(server);
    const { page } = await beginWard(server, visitor, { prompt: 'login' });
    expectSignInPage(page);
    const role = await signIn(visitor, page, priya);
    expectRolePage(role);
    expect(responseOf(await chooseRole(visitor, role, clinicalRole)).has('code')).toBe(true);
  });

  test('with consent asks for all three', async () => {
    const { visitor } = await practise(server);
    const { page } = await beginWard(server, visitor, { prompt: 'login consent' });
    expectSignInPage(page);
    const role = await signIn(visitor, page, priya);
    expectRolePage(role);
    const consent = await chooseRole(visitor, role, clinicalRole);
    expectConsentPage(consent);
    expect(responseOf(await allow(visitor, consent)).has('code')).toBe(true);
  });

  test('max_age=0 does the same', async () => {
    const { visitor } = await practise(server);
    const { page } = await beginWard(server, visitor, { max_age: '0' });
    expectSignInPage(page);
    expectRolePage(await signIn(visitor, page, priya));
  });
});

test('who signs in again from the consent page is asked for the role again', async () => {
  const { visitor, page } = await beginAtRole(server);
  const consent = await chooseRole(visitor, page, clinicalRole);
  const again = await visitor.follow(await press(visitor, consent, 'switch'));
  expectSignInPage(again);
  const role = await signIn(visitor, again, priya);
  expectRolePage(role);
  const other = await chooseRole(visitor, role, healthRole);
  expect(other.html).toContain('Health Professional at Fernhill Hospital');
});

test('a parameter `role` in the request chooses nothing', async () => {
  const visitor = await shahVisitor(server);
  const { page } = await beginWard(server, visitor, { role: clinicalId });
  expectRolePage(page);
});

describe('the consent page says one role, and only that is kept', () => {
  test('where the only role was taken without asking, and is another one by the time of the answer', async () => {
    const change = { ...surgeryChange, prompt: 'consent' };
    const { visitor, page } = await beginSignedIn(server, { ...priya, change });
    expect(page.html).toContain('Clinical Practitioner at Millbrook Surgery');
    await putShah(server, {
      millbrook: { id: 'priya-millbrook-partner', roleProfile: '100000000299', name: 'Partner' },
    });
    const before = await leftBehind(server);
    const answer = await press(visitor, page, 'allow');
    expect([400, 403]).toContain(answer.status);
    expect(answer.location).toBeUndefined();
    expect(await leftBehind(server)).toEqual(before);
  });

  test('where a second role came meanwhile: she is asked which, and has decided for the one that was shown', async () => {
    await putShah(server, { professional: undefined });
    const { visitor, page } = await beginSignedIn(server, {
      ...priya,
      change: { ...surgeryChange, client_id: 'ward-app', prompt: 'consent' },
    });
    expect(page.html).toContain('Clinical Practitioner at Fernhill Hospital');
    await putShah(server);
    const role = await visitor.follow(await press(visitor, page, 'allow'));
    expectRolePage(role);
    const kept = "SELECT role FROM consents WHERE client_id = 'ward-app' AND ended_at IS NULL";
    expect(await server.sql(kept)).toEqual([{ role: clinicalId }]);
    const tab = visitor.copy();
    expect(responseOf(await chooseRole(visitor, role, clinicalRole)).has('code')).toBe(true);
    // The question has been answered by then.
    expect((await sendRole(tab, role, [['role', clinicalId]])).location).toBeUndefined();
  });
});
