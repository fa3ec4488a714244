import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { createVisitor, signIn } from '../../support/visitor.ts';
import { openAccount } from '../account/account.ts';
import { accountAudit, forgetPeople, mails, tokenIn } from '../accounts/people.ts';
import { headingOf, send, textOf } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  // Tries are counted in the database, where a test can forget them.
  server = await startServer({ REDIS_URL: '' });
});
afterAll(async () => server?.close());
beforeEach(async () => {
  // Whoever has no app proves all she can with her password.
  await server.sql('DELETE FROM authenticators');
});
afterEach(async () => {
  shiftTime(0);
  await forgetPeople(server);
  await server.sql('DELETE FROM rate_limits');
  await server.sql("UPDATE accounts SET email = id || '@example.test', email_verified_at = updated_at");
});

const address = '/account/address';
const emailOf = async (id: string) => (await server.services.accounts.find(id))?.email;

/** Asks for a link to a new address, and takes it out of the mail. */
async function askFor(email: string, identifier?: string) {
  const { visitor, page } = await openAccount(server, {
    path: address,
    ...(identifier === undefined ? {} : { identifier }),
  });
  const next = await visitor.follow(await send(visitor, page, address, { email }));
  const path = `${address}/${tokenIn((await mails(server)).at(-1)?.text, '/account/address/')}`;
  return { visitor, page: next, path };
}

describe('a new contact address', () => {
  test('counts once its link was opened and confirmed, and the address before is told', async () => {
    const { visitor, page, path } = await askFor('aroha.ngata@example.test');
    expect(textOf(page)).toContain('We have sent you an email. Open the link in it.');
    expect(await emailOf('aroha')).toBe('aroha@example.test');
    const opened = await visitor.get(path);
    expect(headingOf(opened)).toBe('Is this your email address?');
    expect(await emailOf('aroha'), 'opening it is not enough').toBe('aroha@example.test');
    const done = await visitor.follow(await send(visitor, opened, path, {}));
    expect(textOf(done)).toContain('aroha.ngata@example.test');
    expect(await emailOf('aroha')).toBe('aroha.ngata@example.test');
    expect((await mails(server)).at(-1)).toMatchObject({ kind: 'addressChanged', to: 'aroha@example.test' });
    expect((await accountAudit(server)).at(-1)).toMatchObject({
      type: 'account.address-verified',
      subject: 'aroha',
    });
    expect((await visitor.get(path)).status, 'it is over').toBe(400);
  });

  test('is confirmed once by many who send the form at once', async () => {
    const { visitor, path } = await askFor('aroha.ngata@example.test');
    const opened = await visitor.get(path);
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(visitor, opened, path, {})));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([303, 400, 400, 400, 400]);
    expect((await mails(server)).filter(({ kind }) => kind === 'addressChanged')).toHaveLength(1);
  });

  test('asks whoever is not signed in to sign in first, and goes on from there', async () => {
    const { path } = await askFor('aroha.ngata@example.test');
    const visitor = createVisitor(server.issuer);
    const page = await visitor.follow(await visitor.get(path));
    expect(page.html).toContain('/sign-in"');
    expect(headingOf(await signIn(visitor, page))).toBe('Is this your email address?');
  });

  test('is refused in the browser of another account, and still open for its own', async () => {
    const { visitor: aroha, path } = await askFor('aroha.ngata@example.test');
    const { visitor: tom } = await openAccount(server, { identifier: 'tom@example.test' });
    const refused = await tom.get(path);
    expect([refused.status, headingOf(refused)]).toEqual([403, 'This link is for another account']);
    expect(refused.html).not.toMatch(/aroha/i);
    const opened = await aroha.get(path);
    const token = /name="csrf" value="([^"]+)"/.exec((await tom.get(address)).html)?.[1] ?? '';
    expect((await tom.post(path, [['csrf', token]])).status).toBe(403);
    expect(await emailOf('tom')).toBe('tom@example.test');
    expect((await send(aroha, opened, path, {})).status).toBe(303);
  });

  test('is over after a day, and when another one was asked for', async () => {
    const { path } = await askFor('one@example.test');
    const { visitor, path: newer } = await askFor('two@example.test');
    expect((await visitor.get(path)).status).toBe(400);
    shiftTime(24 * 3600 + 1);
    expect(await server.services.people.addresses.find(newer.split('/').at(-1) ?? '')).toBeUndefined();
  });

  test.for([
    'aroha',
    '',
    'aroha@example.test, tom@example.test',
    'aroha@example.test\r\nBcc: tom@example.test',
  ])('is not %j', async (email) => {
    const { visitor, page } = await openAccount(server, { path: address });
    const before = await mails(server);
    const answer = await send(visitor, page, address, { email });
    expect(textOf(answer)).toContain('There is a problem');
    expect(await mails(server)).toEqual(before);
  });

  test('can be asked for a few times, then one has to wait', async () => {
    const { visitor, page } = await openAccount(server, { path: address });
    const statuses: number[] = [];
    for (let count = 0; count < 5; count += 1)
      statuses.push((await send(visitor, page, address, { email: `n${count}@example.test` })).status);
    expect(statuses).toEqual([303, 303, 303, 303, 429]);
  });
});
