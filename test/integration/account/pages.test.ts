import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { authorise, createVisitor, exchange, formsOf, formTo, type Page } from '../../support/visitor.ts';
import { openAccount } from './account.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
afterEach(() => shiftTime(0));

const paths = ['', '/applications', '/activity', '/devices', '/data', '/language'].map(
  (end) => `/account${end}`,
);

describe.for(paths)('%s', (path) => {
  test('sends whoever is not signed in to sign in', async () => {
    const sent = await createVisitor(server.issuer).get(path);
    expect([sent.status, new URL(sent.location ?? '').pathname]).toEqual([303, '/auth']);
  });

  test('is hers, not stored, without script, and has a way to sign out', async () => {
    const { page } = await openAccount(server, { path });
    expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(page.html).toContain('Aroha Ngata');
    expect(page.html).toContain('href="/session/end"');
    expect(page.html).not.toMatch(/undefined|\[object|\{\{/);
  });
});

test('what is nowhere in the account is a page that says so', async () => {
  const { visitor } = await openAccount(server);
  for (const path of ['/account/nowhere', '/account/applications/x/y'])
    expect((await visitor.get(path)).status).toBe(404);
});

/** Somebody whose application has read something, as far as the resource server said so. */
async function withUse(identifier = 'aroha@example.test') {
  const scope = 'openid launch/patient patient/Patient.rs patient/Immunization.rs';
  const authorised = await authorise(server, { change: { scope }, identifier });
  const { access_token: token, patient } = await exchange(server, authorised);
  await fetch(`${server.issuer}/demo/fhir/r4/Immunization?patient=${patient}`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  return authorised.visitor;
}

describe('activity', () => {
  test('says what was asked for where the resource server told, else that access was used', async () => {
    const visitor = await withUse();
    const page = await visitor.get('/account/activity');
    expect(page.html).toContain('Kete Health asked to see your vaccinations');
    expect(page.html).toContain('Kete Health used its access');
    expect(page.html).toContain('You allowed Kete Health to use your record');
    expect(page.html).toContain('You signed in');
    expect(page.html).toContain('We do not know what it looked at');
  });

  test('of others is not shown', async () => {
    const { page } = await openAccount(server, {
      path: '/account/activity',
      identifier: 'hana@example.test',
    });
    expect(page.html).not.toContain('Kete Health');
  });

  test('goes back page by page, and an address that was made up begins at the latest', async () => {
    const { visitor, page } = await openAccount(server, { identifier: 'tama@example.test' }).catch(() =>
      openAccount(server, { identifier: 'hana@example.test' }),
    );
    expect(page.status).toBe(200);
    const [row] = await server.sql<{ subject: string }>(
      `SELECT account_id AS subject FROM account_identifiers WHERE value = 'hana@example.test'`,
    );
    const record = (at: number) =>
      server.services.audit.add([
        {
          ...server.services.audit.row({ type: 'account.passkey-added', subject: row?.subject ?? '' }),
          at: new Date(Date.UTC(2026, 0, 1) + at * 24 * 3600_000).toISOString(),
        },
      ]);
    for (let day = 0; day < 60; day += 1) await record(day);
    const hana = await openAccount(server, {
      path: '/account/activity',
      identifier: 'hana@example.test',
      visitor,
    });
    const [, older = ''] = /href="(\/account\/activity\?before=[^"]+)"/.exec(hana.page.html) ?? [];
    const second = await visitor.get(older);
    expect(second.html).toContain('1 January 2026');
    expect(second.html).toContain('Go to the latest');
    for (const made of ['x', '1.2.3', '-1.a', `${'9'.repeat(15)}.a`, `${'9'.repeat(20)}.a`, "1.'--"]) {
      const latest = await visitor.get(`/account/activity?before=${encodeURIComponent(made)}`);
      expect(latest.status, made).toBe(200);
      expect(latest.html).not.toContain('Go to the latest');
    }
    // A place after which there is nothing.
    expect((await visitor.get('/account/activity?before=1.a')).html).toContain(
      'There is nothing before this.',
    );
  });
});

describe('where she is signed in', () => {
  const others = (page: Page) =>
    formsOf(page).filter(({ fields }) => fields.some(([name]) => name === 'session'));
  const sessionOf = (fields: readonly (readonly [string, string])[]) =>
    fields.find(([name]) => name === 'session')?.[1];

  test('two browsers, of which she signs out the other', async () => {
    const here = await openAccount(server);
    const known = others(await here.visitor.get('/account/devices')).map(({ fields }) => sessionOf(fields));
    const there = await openAccount(server);
    const page = await here.visitor.get('/account/devices');
    expect(page.html).toContain('This one');
    const before = others(page).length;
    expect(before).toBe(known.length + 1);
    const newest = others(page).find(({ fields }) => !known.includes(sessionOf(fields)));
    const done = await here.visitor.follow(await here.visitor.post('/account/devices', newest?.fields ?? []));
    expect(done.html).toContain('We signed you out there.');
    expect(others(done).length).toBe(before - 1);
    expect((await there.visitor.get('/account')).location).toContain('/auth?');
    expect((await here.visitor.get('/account')).status).toBe(200);
    const rows = await server.sql(
      `SELECT subject, source FROM audit_events WHERE type = 'person.signed-out' AND detail ->> 'from' = 'elsewhere'`,
    );
    expect(rows).toEqual([{ subject: expect.stringMatching(/.+/), source: '127.0.0.1' }]);
    // A second press.
    const again = await here.visitor.follow(
      await here.visitor.post('/account/devices', newest?.fields ?? []),
    );
    expect([again.status, again.html.includes('We signed you out there.')]).toEqual([200, false]);
  });

  test('all others at once', async () => {
    const [here, there] = [await openAccount(server), await openAccount(server)];
    const page = await here.visitor.get('/account/devices');
    const [form] = others(page);
    const csrf = form?.fields.filter(([name]) => name === 'csrf') ?? [];
    const done = await here.visitor.follow(
      await here.visitor.post('/account/devices', [...csrf, ['decision', 'everywhere']]),
    );
    expect(done.html).toContain('We signed you out everywhere else.');
    expect(others(done)).toEqual([]);
    expect((await there.visitor.get('/account')).location).toContain('/auth?');
  });

  test('a session of somebody else in the form: nothing happens', async () => {
    const hers = async () => (await server.oidc.sessions.list('hana')).map(({ uid }) => uid);
    const before = await hers();
    const hana = await openAccount(server, { identifier: 'hana@example.test' });
    const uid = (await hers()).find((one) => !before.includes(one));
    expect(uid).toEqual(expect.any(String));
    const aroha = await openAccount(server);
    await openAccount(server);
    const [form] = others(await aroha.visitor.get('/account/devices'));
    const fields = (form?.fields ?? []).map(([name, value]) =>
      name === 'session' ? ([name, uid ?? ''] as const) : ([name, value] as const),
    );
    const done = await aroha.visitor.follow(await aroha.visitor.post('/account/devices', fields));
    expect([done.status, done.html.includes('We signed you out there.')]).toEqual([200, false]);
    expect((await hana.visitor.get('/account')).status).toBe(200);
  });
});

describe('copies of a decision', () => {
  async function decided() {
    const visitor = await withUse();
    const { html } = await visitor.get('/account/applications');
    const [, at = ''] = /href="(\/account\/applications\/[\w-]+)"/.exec(html) ?? [];
    return { visitor, at };
  }

  test('a receipt in words, as a file', async () => {
    const { visitor, at } = await decided();
    const file = await visitor.get(`${at}/receipt`);
    expect(file.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(file.headers.get('content-disposition')).toMatch(
      /^attachment; filename="assent-receipt-[\w-]+\.txt"$/,
    );
    expect(file.headers.get('cache-control')).toBe('no-store');
    expect(file.html).toContain('See vaccinations in this health record');
  });

  test('a FHIR Consent, as a file; it stays when everything was taken back', async () => {
    const { visitor, at } = await decided();
    const { action, fields } = formTo(await visitor.get(`${at}/take-back`), '/take-back');
    await visitor.post(action, fields);
    const file = await visitor.get(`${at}/fhir-consent`);
    expect(file.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8');
    expect(JSON.parse(file.html)).toMatchObject({ resourceType: 'Consent', status: 'inactive' });
  });

  test('are nobody else’s', async () => {
    const { at } = await decided();
    const { visitor } = await openAccount(server, { identifier: 'hana@example.test' });
    for (const end of ['/receipt', '/fhir-consent'])
      expect((await visitor.get(`${at}${end}`)).status).toBe(404);
  });
});

describe('all her data', () => {
  /** The page, signed in with all that she can prove. */
  const opened = () => openAccount(server, { path: '/account/data', identifier: 'hana@example.test' });

  test('is a file with everything and no secret, and the audit knows that she has it', async () => {
    const { visitor, page } = await opened();
    const { action, fields } = formTo(page, '/account/data');
    const file = await visitor.post(action, fields);
    expect(file.headers.get('content-disposition')).toBe('attachment; filename="assent-my-data.json"');
    const data = JSON.parse(file.html);
    expect(data).toMatchObject({
      account: { signInNames: expect.arrayContaining(['hana@example.test']), passkeys: [] },
      decisions: expect.any(Array),
      activity: expect.any(Array),
    });
    expect(file.html).not.toMatch(/argon2|password_hash|secret|public_key/i);
    expect(
      await server.sql(`SELECT source FROM audit_events WHERE type = 'account.data-downloaded'`),
    ).toEqual([{ source: '127.0.0.1' }]);
  });

  test('is not sent without the form’s token', async () => {
    const { visitor } = await opened();
    expect((await visitor.post('/account/data', [])).status).toBe(403);
  });

  test('asks for a new sign-in after five minutes; a form that is open has ten minutes more', async () => {
    const { visitor, page } = await opened();
    const { action, fields } = formTo(page, '/account/data');
    shiftTime(6 * 60);
    const asked = await visitor.get('/account/data');
    expect(new URL(asked.location ?? '').searchParams.get('max_age')).toBe('300');
    expect((await visitor.post(action, fields)).status).toBe(200);
    shiftTime(16 * 60);
    const late = await visitor.post(action, fields);
    expect([late.status, new URL(late.location ?? '').pathname]).toEqual([303, '/auth']);
  });
});

describe('language', () => {
  test('is kept in the browser and with the account', async () => {
    const { visitor, page } = await openAccount(server, { path: '/account/language' });
    const { action, fields } = formTo(page, '/account/language');
    const done = await visitor.follow(await visitor.post(action, [...fields, ['language', 'en']]));
    expect(done.html).toContain('We use this language from now on.');
    expect(visitor.cookies('/')).toContain('assent_language=en');
    expect(
      await server.sql(
        `SELECT language FROM accounts a JOIN account_identifiers i ON i.account_id = a.id WHERE i.value = 'aroha@example.test'`,
      ),
    ).toEqual([{ language: 'en' }]);
  });

  test.for(['', 'xx', '__proto__', 'en; Path=/'])('that we do not have changes nothing: %s', async (tag) => {
    const { visitor, page } = await openAccount(server, { path: '/account/language' });
    const { action, fields } = formTo(page, '/account/language');
    const done = await visitor.follow(await visitor.post(action, [...fields, ['language', tag]]));
    expect([done.status, done.html.includes('We use this language')]).toEqual([200, false]);
    expect(visitor.cookies('/').filter((one) => one.startsWith('assent_language'))).toEqual([]);
  });
});

test('a notice that was planted is not said', async () => {
  const { visitor } = await openAccount(server);
  for (const value of [
    'signed-out-there.x',
    'signed-out-there',
    `signed-out-there.${'a'.repeat(43)}`,
    '<b>x</b>',
  ]) {
    const cookie = `${visitor.cookies('/account').join('; ')}; assent_notice=${value}`;
    const page = await visitor.get('/account', { Cookie: cookie });
    expect([page.status, page.html.includes('We signed you out')]).toEqual([200, false]);
  }
});
