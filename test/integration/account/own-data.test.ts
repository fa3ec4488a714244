import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ListedConsent } from '../../../src/consents/index.ts';
import { newFamily } from '../../support/exchange.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { createVisitor, formTo, usualScope } from '../../support/visitor.ts';
import { heldBy, takeBack } from '../withdrawal/taking.ts';
import { openAccount } from './account.ts';

/** However much there is: a person is handed all of it, and what holds stands before what has ended. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const hana = { identifier: 'hana@example.test' };

/** What is in the file; `text` is all of it. */
async function downloaded(options: { identifier: string }) {
  const { visitor, page } = await openAccount(server, { path: '/account/data', ...options });
  const { action, fields } = formTo(page, '/account/data');
  const file = await visitor.post(action, fields);
  expect(file.status).toBe(200);
  return { data: JSON.parse(file.html) as OwnData, text: file.html };
}

interface OwnData {
  readonly decisions: readonly Pick<ListedConsent, 'id' | 'version' | 'endReason'>[];
  readonly activity: readonly { readonly id: string; readonly type: string }[];
  readonly mails: readonly { readonly kind: string; readonly createdAt: string; readonly sentAt?: string }[];
}

/** Versions of decisions that are over, each at a moment of its own. */
const addEnded = (reason: string, howMany: number) =>
  server.sql(
    `INSERT INTO consents (id, account_id, client_id, api_id, patient, lines, shown, version, decided_at, expires_at,
       ended_at, end_reason)
     SELECT $2 || n, account_id, client_id, api_id, 'p-' || $2 || n, lines, shown, 1,
       decided_at + make_interval(secs => n), expires_at, decided_at + make_interval(secs => n), $1
     FROM consents, generate_series(1, $3::integer) AS n WHERE account_id = 'hana' AND ended_at IS NULL`,
    [reason, reason.slice(0, 1), howMany],
  );

describe('the file of all her data', () => {
  test('has every version of what she decided, and everything that happened', {
    timeout: 60_000,
  }, async () => {
    const { visitor } = await newFamily(server, hana);
    const what = { clientId: 'kete-web', accountId: 'hana' };
    await takeBack(server, visitor, { ...what, scope: 'patient/Appointment.rs' });
    await newFamily(server, { visitor, change: { scope: usualScope, prompt: 'consent' } });
    await addEnded('withdrawn', 230);
    const { audit } = server.services;
    const event = { type: 'account.language-chosen', subject: 'hana' } as const;
    const long = 10_100;
    for (let written = 0; written < long; written += 1010)
      await audit.add(Array.from({ length: 1010 }, () => audit.row(event)));
    const { data, text } = await downloaded(hana);
    expect(data.decisions.map(({ endReason }) => endReason)).toEqual(
      expect.arrayContaining(['narrowed', 'replaced']),
    );
    expect(data.decisions).toHaveLength(233);
    expect(new Set(data.decisions.map(({ id }) => id)).size).toBe(233);
    expect(data.activity.filter(({ type }) => type === event.type)).toHaveLength(long);
    expect(new Set(data.activity.map(({ id }) => id)).size).toBe(data.activity.length);
    expect(data.activity[0]?.type).toBe('account.data-downloaded');
    expect(text.endsWith('\n  ]\n}\n')).toBe(true);
  });

  test('says which mails she was sent, and when; a link that still works is not in it', async () => {
    const { mail } = server.services;
    const link = 'https://issuer.example.test/reset/a-secret-link';
    const letter = { to: 'hana@example.test', subject: 'A link', text: link };
    await mail.send({ ...letter, accountId: 'hana', kind: 'password-reset' });
    await mail.send({ ...letter, accountId: 'tom', kind: 'address-check' });
    const { data, text } = await downloaded(hana);
    expect(data.mails.filter(({ kind }) => kind === 'password-reset')).toEqual([
      expect.objectContaining({ createdAt: expect.stringMatching(/^\d{4}-/) }),
    ]);
    expect(text).not.toContain('address-check');
    expect(text).not.toContain('a-secret-link');
  });

  test('of somebody of whom little is known is JSON, too', async () => {
    const { data } = await downloaded({ identifier: 'tom@example.test' });
    expect(data.decisions).toEqual([]);
    expect(data.activity.map(({ type }) => type)).toContain('person.signed-in');
  });

  test('is only for whoever proves all that she can, as other sensitive pages', async () => {
    const { visitor } = await openAccount(server);
    const { searchParams, pathname } = new URL((await visitor.get('/account/data')).location ?? '');
    expect([pathname, searchParams.get('acr_values'), searchParams.get('max_age')]).toEqual([
      '/auth',
      '2',
      '300',
    ]);
  });

  test('that cannot be read to its end is no JSON, so nobody takes it for the whole', async () => {
    const { visitor, page } = await openAccount(server, { path: '/account/data', ...hana });
    const { action, fields } = formTo(page, '/account/data');
    const { activity } = server.services;
    const { aboutPerson } = activity;
    Object.assign(activity, { aboutPerson: () => Promise.reject(new Error('the database is gone')) });
    try {
      await expect(visitor.post(action, fields)).rejects.toThrow();
    } finally {
      Object.assign(activity, { aboutPerson });
    }
  });
});

describe('the list of applications', () => {
  test('has what holds first, however much has ended since; the rest comes page by page', async () => {
    const held = await heldBy(server, 'kete-web', 'hana');
    await addEnded('expired', 120);
    const { visitor } = await openAccount(server, { visitor: createVisitor(server.issuer), ...hana });
    expect((await visitor.get('/account')).html).toMatch(/1 application\b/);
    const seen: string[] = [];
    let path = '/account/applications';
    for (let pages = 0; path !== '' && pages < 20; pages += 1) {
      const { html } = await visitor.get(path);
      expect(html).toContain(`href="/account/applications/${held?.id}"`);
      seen.push(...[...html.matchAll(/assent-rows__name" href="([^"]+)"/g)].map(([, to]) => to ?? ''));
      path = /href="(\/account\/applications\?before=[^"]+)"/.exec(html)?.[1] ?? '';
    }
    expect(seen).toHaveLength(350);
    expect(new Set(seen).size).toBe(350);
  });

  test('an older version leads to the one that holds, behind however many that have ended', async () => {
    const [old] = await server.sql<{ id: string }>(
      `SELECT id FROM consents WHERE account_id = 'hana' AND end_reason = 'narrowed'`,
    );
    const held = await heldBy(server, 'kete-web', 'hana');
    const { visitor } = await openAccount(server, hana);
    const page = await visitor.get(`/account/applications/${old?.id}`);
    expect(new URL(page.location ?? '').pathname).toBe(`/account/applications/${held?.id}`);
  });
});
