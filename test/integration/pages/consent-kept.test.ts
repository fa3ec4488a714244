import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { allow, usualScope } from '../../support/visitor.ts';
import { begin, beginSignedIn, cancel, leftBehind, linesOf, press, responseOf } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

const change = { prompt: 'consent' };

interface Kept {
  readonly lines: readonly { scope: string; words: string; required: boolean; allowed: boolean }[];
  readonly shown: Readonly<Record<string, unknown>>;
  readonly decided_at: Date;
  readonly expires_at: Date;
}

describe('what is kept of a consent', () => {
  test('CO-02 the words, names and dates as the page had them', async () => {
    const { visitor, page } = await beginSignedIn(server, { change, identifier: 'hana@example.test' });
    await allow(visitor, page, ['patient/Appointment.rs']);
    const [kept] = await server.sql<Kept>(
      "SELECT * FROM consents WHERE account_id = 'hana' AND ended_at IS NULL",
    );
    if (kept === undefined) throw new Error('no consent was kept');
    expect(kept).toMatchObject({ client_id: 'kete-web', api_id: 'demo-fhir', patient: 'p-hana' });
    expect(kept.shown).toMatchObject({
      language: 'en',
      client: 'Kete Health',
      organization: 'Kete Health Ltd',
      site: '127.0.0.1:8090',
      account: 'Hana Ngata',
      record: 'Hana Ngata',
    });
    for (const { words } of kept.lines) expect(page.html).toContain(words);
    expect(kept.lines.map(({ scope }) => scope).sort()).toEqual(usualScope.split(' ').sort());
    const refused = kept.lines.filter(({ allowed }) => !allowed).map(({ scope }) => scope);
    expect(refused).toEqual(['patient/Appointment.rs']);
    const needed = kept.lines.filter(({ required }) => required).map(({ scope }) => scope);
    expect(needed.sort()).toEqual(['fhirUser', 'launch/patient', 'openid']);
    expect(new Date(String(kept.shown.until))).toEqual(kept.expires_at);
    const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'Europe/London' });
    expect(page.html).toContain(`until ${day.format(kept.expires_at)}`);
    expect(kept.expires_at.getTime() - kept.decided_at.getTime()).toBeLessThanOrEqual(90 * 86_400_000);
  });

  test('its audit row names account, application and scopes, and no person', async () => {
    const { visitor, page } = await beginSignedIn(server, { change, identifier: 'mere@example.test' });
    await allow(visitor, page, ['patient/Appointment.rs']);
    const rows = await server.sql(
      "SELECT * FROM audit_events WHERE type = 'consent.given' AND subject = 'mere'",
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      client_id: 'kete-web',
      api_id: 'demo-fhir',
      detail: { patient: 'p-mere', refused: ['patient/Appointment.rs'] },
    });
    expect(JSON.stringify(rows)).not.toMatch(/Ngata|@/);
  });

  test('CO-02 the day on the page is the day that is kept, also where earlier lines go along', async () => {
    const identifier = 'tom@example.test';
    const { visitor, page } = await beginSignedIn(server, { change, identifier });
    await allow(visitor, page);
    shiftTime(3 * 86_400);
    const other = { ...change, scope: 'openid launch/patient patient/Condition.rs' };
    const again = await beginSignedIn(server, { change: other, identifier });
    await allow(again.visitor, again.page);
    const [kept] = await server.sql<Kept>(
      "SELECT * FROM consents WHERE account_id = 'tom' AND ended_at IS NULL",
    );
    const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'Europe/London' });
    expect(again.page.html).toContain(`until ${day.format(kept?.expires_at)}`);
    expect(page.html).toContain(`until ${day.format(kept?.expires_at)}`);
    expect(kept?.lines).toHaveLength(usualScope.split(' ').length + 1);
  });

  test('the one before is ended, not changed', async () => {
    for (const without of [[], ['patient/Appointment.rs']]) {
      const { visitor, page } = await beginSignedIn(server, { change, identifier: 'wiremu@example.test' });
      await allow(visitor, page, without);
    }
    const rows = await server.sql<Kept & { end_reason: string | null }>(
      "SELECT * FROM consents WHERE account_id = 'wiremu' ORDER BY decided_at",
    );
    expect(rows.map(({ end_reason: reason }) => reason)).toEqual(['replaced', null]);
    expect(rows[0]?.lines.every(({ allowed }) => allowed)).toBe(true);
  });
});

describe('what is kept of a refusal', () => {
  test('CO-02 AZ-05 access_denied with state and iss; the answer and an audit row, nothing else', async () => {
    const { visitor, page, request } = await beginSignedIn(server, { change });
    const before = await leftBehind(server);
    const response = responseOf(await visitor.follow(await press(visitor, page, 'deny')));
    expect(Object.fromEntries(response)).toMatchObject({
      error: 'access_denied',
      state: request.parameters.state,
      iss: server.issuer,
    });
    expect(response.has('code')).toBe(false);
    expect(await leftBehind(server)).toEqual({
      ...before,
      answers: Number(before.answers) + 1,
      audited: Number(before.audited) + 1,
    });
    const rows = await server.sql("SELECT * FROM audit_events WHERE type = 'consent.refused'");
    expect(rows.at(-1)).toMatchObject({ client_id: 'kete-web', subject: 'aroha', scope: usualScope });
    expect((await begin(server, { visitor })).page.html).toContain('/consent"');
  });

  test('a refusal takes back nothing that was decided before', async () => {
    const first = await beginSignedIn(server, { change });
    await allow(first.visitor, first.page, ['patient/Appointment.rs']);
    const again = await begin(server, { visitor: first.visitor, change });
    await first.visitor.follow(await press(first.visitor, again.page, 'deny'));
    const silent = await begin(server, { visitor: first.visitor, change: { prompt: 'none' } });
    expect(responseOf(silent.page).has('code')).toBe(true);
    const { page } = await begin(server, { visitor: first.visitor, change });
    expect(linesOf(page).unticked).toEqual(['patient/Appointment.rs']);
  });

  test('CO-02 cancelled at the sign-in page: access_denied, and nobody is named', async () => {
    const { visitor, page, request } = await begin(server, { change });
    const response = responseOf(await visitor.follow(await cancel(visitor, page)));
    expect(Object.fromEntries(response)).toMatchObject({
      error: 'access_denied',
      state: request.parameters.state,
      iss: server.issuer,
    });
    const rows = await server.sql(
      "SELECT * FROM audit_events WHERE type = 'consent.refused' ORDER BY at DESC",
    );
    expect(rows[0]).toMatchObject({ client_id: 'kete-web', subject: null });
  });
});

describe('an account without a health record', () => {
  const identifier = 'dev@kete.example';

  test('sees that there is none; the way back is access_denied', async () => {
    const { visitor, page, request } = await beginSignedIn(server, { identifier });
    expect(page.html).toContain('We have no health record for you here');
    expect(page.html).not.toContain('name="line"');
    const response = responseOf(await visitor.follow(await press(visitor, page, 'deny')));
    expect(Object.fromEntries(response)).toMatchObject({
      error: 'access_denied',
      state: request.parameters.state,
      iss: server.issuer,
    });
  });

  test('cannot allow it by hand', async () => {
    const { visitor, page } = await beginSignedIn(server, { identifier });
    const before = await leftBehind(server);
    const lines = usualScope.split(' ').map((scope) => ['line', scope] as const);
    const fields = [['csrf', /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''] as const, ...lines];
    expect(await press(visitor, page, 'allow', fields)).toMatchObject({ status: 403, location: undefined });
    expect(await leftBehind(server)).toEqual(before);
  });

  test('can sign in as somebody else instead', async () => {
    const { visitor, page } = await beginSignedIn(server, { identifier });
    const next = await visitor.follow(await press(visitor, page, 'switch'));
    expect(next.html).toContain('<title>Sign in – Assent</title>');
  });

  test('is asked about itself where no record is wanted', async () => {
    const change = { scope: 'openid profile', prompt: 'consent' };
    const { page } = await beginSignedIn(server, { identifier, change });
    expect(page.html).toContain('Do you want to connect Kete Health to your account?');
    expect(page.html).toContain('Dana Whitlock');
  });
});
