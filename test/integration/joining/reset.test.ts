import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../support/code.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import {
  authorise,
  createVisitor,
  demoPassword,
  exchange,
  introspect,
  keteWeb,
} from '../../support/visitor.ts';
import { openAccount } from '../account/account.ts';
import { accountAudit, forgetPeople, goodPassword, mails, tokenIn } from '../accounts/people.ts';
import { headingOf, openAndSend, send, textOf } from './steps.ts';

let server: TestServer;
let hash: string;
beforeAll(async () => {
  // Tries are counted in the database, where a test can forget them.
  server = await startServer({ REDIS_URL: '' });
  hash = await server.services.passwords.hash(demoPassword);
});
afterAll(async () => server?.close());
beforeEach(async () => {
  await server.sql("DELETE FROM authenticators WHERE account_id <> 'mere'");
});
afterEach(async () => {
  shiftTime(0);
  await forgetPeople(server);
  await server.sql('DELETE FROM rate_limits');
  await server.sql(
    `UPDATE accounts SET password_hash = $1, disabled_at = NULL, disabled_reason = NULL, email_verified_at = updated_at`,
    [hash],
  );
});

const ask = (identifier: string) => openAndSend(server, '/account/reset', { identifier });

/** Asks for a link, and takes it out of the mail. */
async function linkFor(identifier: string): Promise<string> {
  await ask(identifier);
  return `/account/reset/${tokenIn((await mails(server)).at(-1)?.text, '/account/reset/')}`;
}

const choose = (path: string, change: Readonly<Record<string, string>> = {}) =>
  openAndSend(server, path, { password: goodPassword, again: goodPassword, ...change });

const signsIn = async (identifier: string, password: string) =>
  (await server.services.accounts.signIn(identifier, password)) !== undefined;

describe('LO-04 somebody who does not know her password', () => {
  test('chooses a new one by a mailed link, is signed out everywhere, and is told', async () => {
    const before = await exchange(server, await authorise(server));
    const { visitor } = await openAccount(server);
    expect((await visitor.get('/account')).status).toBe(200);

    const path = await linkFor('aroha@example.test');
    expect(await choose(path).then(headingOf)).toBe('You have a new password');
    expect(await signsIn('aroha@example.test', goodPassword)).toBe(true);
    expect(await signsIn('aroha@example.test', demoPassword)).toBe(false);
    expect((await visitor.get('/account')).status, 'her session is over').toBe(303);
    expect((await introspect(server, before.access_token)).active).toBe(false);
    const refreshed = await server.token(
      { grant_type: 'refresh_token', refresh_token: before.refresh_token ?? '' },
      keteWeb,
    );
    expect(refreshed.status).toBe(400);
    expect((await mails(server)).at(-1)).toMatchObject({ kind: 'passwordReset', to: 'aroha@example.test' });
    expect((await accountAudit(server)).at(-1)).toMatchObject({
      type: 'account.password-reset',
      subject: 'aroha',
    });
  });

  test('is not signed in by it', async () => {
    const path = await linkFor('hana@example.test');
    const page = await choose(path);
    expect(page.headers.getSetCookie().filter((cookie) => cookie.startsWith('_session'))).toEqual([]);
  });

  test('F-07 uses a link once, however many send the form at once, and only the newest one', async () => {
    const old = await linkFor('hana@example.test');
    const path = await linkFor('hana@example.test');
    expect((await createVisitor(server.issuer).get(old)).status).toBe(400);
    const visitor = createVisitor(server.issuer);
    const form = await visitor.get(path);
    const fields = { password: goodPassword, again: goodPassword };
    const pages = await Promise.all(Array.from({ length: 5 }, () => send(visitor, form, path, fields)));
    const headings = pages.map(headingOf);
    expect(headings.filter((heading) => heading === 'You have a new password')).toHaveLength(1);
    expect(headings.filter((heading) => heading === 'This link does not work any more')).toHaveLength(4);
    expect((await createVisitor(server.issuer).get(path)).status).toBe(400);
  });

  test('finds it over after 30 minutes', async () => {
    const path = await linkFor('hana@example.test');
    shiftTime(30 * 60 + 1);
    expect(headingOf(await createVisitor(server.issuer).get(path))).toBe('This link does not work any more');
  });

  test('can look at the page as often as she likes, and mistype', async () => {
    const path = await linkFor('hana@example.test');
    expect(textOf(await choose(path, { again: 'other' }))).toContain('There is a problem');
    expect(textOf(await choose(path, { password: 'tui', again: 'tui' }))).toContain('There is a problem');
    expect(await signsIn('hana@example.test', demoPassword)).toBe(true);
    expect(headingOf(await choose(path))).toBe('You have a new password');
  });

  test('is asked for a code of her authenticator app as well', async () => {
    const path = await linkFor('mere@example.test');
    for (const code of ['', '000000', 'ABCD-EFGH-JKMN-PQRS'])
      expect(textOf(await choose(path, { code }))).toContain('This code is wrong');
    expect(await signsIn('mere@example.test', demoPassword)).toBe(true);
    expect(headingOf(await choose(path, { code: codeOf() }))).toBe('You have a new password');
  });

  test('can give a recovery code instead', async () => {
    const [code = ''] = await server.services.credentials.recoveryCodes.make('mere');
    const path = await linkFor('mere@example.test');
    expect(headingOf(await choose(path, { code }))).toBe('You have a new password');
    expect(await server.services.credentials.recoveryCodes.count('mere')).toBe(9);
  });

  test('waits after a few wrong codes', async () => {
    const path = await linkFor('mere@example.test');
    for (let count = 0; count < 4; count += 1) await choose(path, { code: '000000' });
    const page = await choose(path, { code: codeOf() });
    expect([page.status, page.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^\d+$/)]);
    expect(await signsIn('mere@example.test', demoPassword)).toBe(true);
  });

  test('whose account was suspended meanwhile has no link any more', async () => {
    const path = await linkFor('hana@example.test');
    await server.services.people.statuses.disable('hana', 'suspended');
    expect((await createVisitor(server.issuer).get(path)).status).toBe(400);
  });
});

describe('LO-02 whoever asks for a link', () => {
  /** What a node asks by itself, and what the limits ask. */
  const aside = /^(rate_limits|revocations_since)/;

  /** Statements that a server makes for an answer. */
  async function statementsFor(
    identifier: string,
  ): Promise<{ html: string; status: number; names: string[] }> {
    const { db } = server.services;
    const names: string[] = [];
    const query = db.query;
    Object.assign(db, {
      query: (statement: { name: string }, values?: readonly unknown[]) => {
        names.push(statement.name);
        return query.call(db, statement as never, values as never);
      },
    });
    try {
      const page = await ask(identifier);
      return {
        html: page.html,
        status: page.status,
        names: names.filter((name) => !aside.test(name)),
      };
    } finally {
      Object.assign(db, { query });
    }
  }

  test.for([
    ['nobody', 'nobody@example.test', undefined],
    [
      'somebody without a verified address',
      'hana@example.test',
      'UPDATE accounts SET email_verified_at = NULL',
    ],
    [
      'somebody who is suspended',
      'hana@example.test',
      `UPDATE accounts SET disabled_at = updated_at WHERE id = 'hana'`,
    ],
    ['a name that nobody can have', 'x'.repeat(300), undefined],
  ] as const)('for %s gets the same answer, with the same statements', async ([, identifier, sql]) => {
    const known = await statementsFor('aroha@example.test');
    expect(await mails(server)).toHaveLength(1);
    if (sql !== undefined) await server.sql(sql);
    const other = await statementsFor(identifier);
    expect(other).toEqual(known);
    expect(known.names.length).toBeGreaterThan(2);
    expect(await mails(server)).toHaveLength(1);
  });

  test('too often has to wait, for a name that nobody has as well, and can still sign in', async () => {
    for (const identifier of ['hana@example.test', 'nobody@example.test']) {
      const statuses: number[] = [];
      for (let count = 0; count < 5; count += 1) statuses.push((await ask(identifier)).status);
      expect(statuses).toEqual([200, 200, 200, 200, 429]);
    }
    expect(await mails(server)).toHaveLength(4);
    const { page } = await openAccount(server, { identifier: 'hana@example.test' });
    expect(page.status).toBe(200);
  });

  test.for(['', ' '])('names somebody: %j is not enough', async (identifier) => {
    const page = await ask(identifier);
    expect(textOf(page)).toContain('There is a problem');
    expect(await mails(server)).toEqual([]);
  });
});
