import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { endDecisions } from '../../support/decisions.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { authorise, createVisitor, exchange, formsOf, formTo, introspect } from '../../support/visitor.ts';
import { openAccount } from './account.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
afterEach(async () => {
  shiftTime(0);
  await endDecisions(server, 'replaced');
});

const scope = 'openid fhirUser launch/patient offline_access patient/Patient.rs patient/Immunization.rs';

/** Somebody who has allowed Kete Health something, at the pages about it. */
async function withKete(identifier = 'aroha@example.test') {
  const authorised = await authorise(server, { change: { scope }, identifier });
  const tokens = await exchange(server, authorised);
  const { visitor } = await openAccount(server, { visitor: authorised.visitor });
  const list = await visitor.get('/account/applications');
  const [, id = ''] = /href="\/account\/applications\/([\w-]+)"/.exec(list.html) ?? [];
  return { visitor, tokens, list, id, at: `/account/applications/${id}` };
}

/** The address at which the line that begins with these words is taken back. */
const lineOf = (html: string, words: string) =>
  new RegExp(`<div[^>]*>${words}[^<]*</div>\\s*<a[^>]* href="([^"]*)"`).exec(html)?.[1] ?? '';

/** The address at which the line about vaccinations is taken back. */
async function vaccinations({ visitor, at }: Awaited<ReturnType<typeof withKete>>): Promise<string> {
  const { html } = await visitor.get(at);
  return lineOf(html, 'See vaccinations');
}

describe('the list', () => {
  test('says who, what, since when, last used and until when', async () => {
    const { list } = await withKete();
    expect(list.status).toBe(200);
    for (const text of [
      'Kete Health',
      'See vaccinations in this health record',
      'Since',
      'Last used',
      'Until',
    ])
      expect(list.html).toContain(text);
  });

  test('is empty, and says so, for somebody who has allowed nothing', async () => {
    const { page } = await openAccount(server, { path: '/account/applications' });
    expect(page.html).toContain('No application can use your health record');
  });

  test('leaves out what others allowed', async () => {
    await withKete('hana@example.test');
    const { page } = await openAccount(server, { path: '/account/applications' });
    expect(page.html).not.toContain('Kete Health');
  });
});

describe('last used', () => {
  test('is of the decision itself: not what was before it, nor what came after its end', async () => {
    const { visitor, at, id } = await withKete();
    const { action, fields } = formTo(await visitor.get(`${at}/take-back`), '/take-back');
    await visitor.post(action, fields);
    const { consents } = server.services;
    const present = async () => (await consents.live('aroha'))[0];
    const anew = await authorise(server, { change: { scope }, visitor });
    expect(await present()).toMatchObject({ lastUsedAt: undefined });
    await exchange(server, anew);
    expect((await present())?.lastUsedAt).toBeInstanceOf(Date);
    const ended = await consents.one('aroha', id);
    expect(ended?.lastUsedAt?.getTime()).toBeLessThanOrEqual(ended?.endedAt?.getTime() ?? 0);
  });
});

describe('one line is taken back', () => {
  test('after a page that says what happens; the tokens know at once, the refresh token goes on', async () => {
    const kete = await withKete();
    const { visitor, tokens } = kete;
    const question = await visitor.get(await vaccinations(kete));
    expect(question.html).toContain('See vaccinations in this health record');
    const { action, fields } = formTo(question, question.url);
    const done = await visitor.follow(await visitor.post(action, fields));
    expect(done.status).toBe(200);
    expect(done.html).toContain('You took it back. The application can no longer do that.');
    expect(lineOf(done.html, 'See name')).not.toBe('');
    expect(lineOf(done.html, 'See vaccinations')).toBe('');
    expect((await introspect(server, tokens.access_token)).active).toBe(false);
    const refreshed = await server.token(
      { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' },
      ['kete-web', 'demo-secret-kete-web'],
    );
    expect(refreshed.status).toBe(200);
    const { scope: left } = (await refreshed.json()) as { scope: string };
    expect(left.split(' ')).toContain('patient/Patient.rs');
    expect(left.split(' ')).not.toContain('patient/Immunization.rs');
    const rows = await server.sql(
      `SELECT subject, client_id, scope, source FROM audit_events WHERE type = 'consent.withdrawn'
       ORDER BY at DESC LIMIT 1`,
    );
    expect(rows).toEqual([
      expect.objectContaining({
        client_id: 'kete-web',
        scope: 'patient/Immunization.rs',
        source: '127.0.0.1',
      }),
    ]);
    expect(rows[0]).toHaveProperty('subject', expect.stringMatching(/.+/));
  });

  test('is said once, and by nothing in the address', async () => {
    const kete = await withKete();
    const { action, fields } = formTo(await kete.visitor.get(await vaccinations(kete)), '');
    const sent = await kete.visitor.post(action, fields);
    expect(sent.status).toBe(303);
    expect(new URL(sent.location ?? '').search).toBe('');
    const page = await kete.visitor.get(sent.location ?? '');
    expect(page.html).toContain('You took it back. The application can no longer do that.');
    expect((await kete.visitor.get(sent.location ?? '')).html).not.toContain(
      'You took it back. The application can no longer do that.',
    );
  });

  test('twice, or in two windows: the second finds it done', async () => {
    const kete = await withKete();
    const to = await vaccinations(kete);
    const [one, other] = [await kete.visitor.get(to), await kete.visitor.get(to)];
    const send = (page: typeof one) => kete.visitor.post(formTo(page, to).action, formTo(page, to).fields);
    const first = await send(one);
    const second = await send(other);
    expect([first.status, second.status]).toEqual([303, 303]);
    expect(second.location).toBe(first.location);
    // The back button leads to the page of the version before.
    const back = await kete.visitor.get(kete.at);
    expect([back.status, back.location]).toEqual([303, first.location]);
    expect((await kete.visitor.get(to)).location).toBe(first.location);
  });

  test('the last part of the record goes only together with everything', async () => {
    const kete = await withKete();
    const { action, fields } = formTo(await kete.visitor.get(await vaccinations(kete)), '');
    const page = await kete.visitor.follow(await kete.visitor.post(action, fields));
    const last = lineOf(page.html, 'See name');
    const question = await kete.visitor.get(last);
    expect(question.html).toContain('This cannot be taken back alone');
    expect(formsOf(question)).toEqual([]);
    // An edited page that sends the form all the same.
    const sent = await kete.visitor.post(last, fields);
    expect([sent.status, new URL(sent.location ?? '').pathname]).toEqual([303, last]);
    expect(await server.sql('SELECT 1 FROM consents WHERE ended_at IS NULL')).toHaveLength(1);
  });

  test.for(['/lines/999', '/lines/-1', '/lines/x', '/lines/1e0', '/lines/__proto__', '/lines/length'])(
    'of a line that there is not: %s',
    async (ending) => {
      const { visitor, at } = await withKete();
      const { fields } = formTo(await visitor.get(`${at}/take-back`), '/take-back');
      expect((await visitor.get(`${at}${ending}`)).status).toBe(404);
      expect((await visitor.post(`${at}${ending}`, fields)).status).toBe(404);
    },
  );
});

describe('everything is taken back', () => {
  test('after a page that says what happens; the application has nothing left', async () => {
    const { visitor, tokens, at } = await withKete();
    const question = await visitor.get(`${at}/take-back`);
    expect(question.html).toContain('Take everything back from Kete Health?');
    const { action, fields } = formTo(question, '/take-back');
    const sent = await visitor.post(action, fields);
    expect([sent.status, new URL(sent.location ?? '').pathname]).toEqual([303, '/account/applications']);
    const page = await visitor.follow(sent);
    expect(page.html).toContain('You took everything back.');
    expect(page.html).toContain('You took it back on');
    expect((await introspect(server, tokens.access_token)).active).toBe(false);
    const refreshed = await server.token(
      { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' },
      ['kete-web', 'demo-secret-kete-web'],
    );
    expect(refreshed.status).toBe(400);
  });

  test('twice: the second finds the page that says it has ended', async () => {
    const { visitor, at } = await withKete();
    const { action, fields } = formTo(await visitor.get(`${at}/take-back`), '/take-back');
    await visitor.post(action, fields);
    const second = await visitor.follow(await visitor.post(action, fields));
    expect(second.status).toBe(200);
    expect(second.html).toContain('You took it back on');
    expect(formsOf(second)).toEqual([]);
    expect((await visitor.follow(await visitor.get(`${at}/take-back`))).html).toContain(
      'You took it back on',
    );
  });
});

describe('what is refused', () => {
  test('another person’s decision: nothing is there, and nothing happens', async () => {
    const { tokens, at } = await withKete();
    const { visitor } = await openAccount(server, { identifier: 'hana@example.test' });
    const own = await withKete('hana@example.test');
    const { fields } = formTo(await own.visitor.get(`${own.at}/take-back`), '/take-back');
    for (const path of [at, `${at}/take-back`, `${at}/lines/3`]) {
      const page = await visitor.get(path);
      expect([page.status, page.html.includes('Kete Health')]).toEqual([404, false]);
    }
    for (const path of [`${at}/take-back`, `${at}/lines/3`, '/account/applications/nothing/take-back'])
      expect((await own.visitor.post(path, fields)).status).toBe(404);
    expect((await introspect(server, tokens.access_token)).active).toBe(true);
  });

  test.for([
    ['without its token', (fields: [string, string][]) => fields.filter(([name]) => name !== 'csrf'), {}],
    ['with another token', () => [['csrf', 'x'.repeat(43)] as [string, string]], {}],
    ['from another site', (fields: [string, string][]) => fields, { 'Sec-Fetch-Site': 'cross-site' }],
    [
      'from an old browser at another site',
      (fields: [string, string][]) => fields,
      { 'Sec-Fetch-Site': '', Origin: 'https://evil.example' },
    ],
  ] as const)('a form %s', async ([, change, headers]) => {
    const { visitor, tokens, at } = await withKete();
    const { action, fields } = formTo(await visitor.get(`${at}/take-back`), '/take-back');
    const page = await visitor.post(action, change(fields as [string, string][]), headers);
    expect(page.status).toBe(403);
    expect(page.html).toContain('Go to your account');
    expect((await introspect(server, tokens.access_token)).active).toBe(true);
  });

  test('a form of another session, also of the same person', async () => {
    const { visitor, at } = await withKete();
    const { action, fields } = formTo(await visitor.get(`${at}/take-back`), '/take-back');
    const elsewhere = await openAccount(server);
    expect((await elsewhere.visitor.post(action, fields)).status).toBe(403);
  });

  test('a form without a session: she signs in, and comes to the page that asks again', async () => {
    const { visitor, tokens, at } = await withKete();
    const { action, fields } = formTo(await visitor.get(`${at}/take-back`), '/take-back');
    const stranger = createVisitor(server.issuer);
    const sent = await stranger.post(action, fields);
    expect([sent.status, new URL(sent.location ?? '').pathname]).toEqual([303, '/auth']);
    const { page } = await openAccount(server, { visitor: stranger, path: action });
    expect(page.html).toContain('Take everything back from Kete Health?');
    expect((await introspect(server, tokens.access_token)).active).toBe(true);
  });
});
