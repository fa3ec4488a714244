import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { allow, authorise, exchange, introspect, keteWeb, usualScope } from '../../support/visitor.ts';
import { begin, beginSignedIn, leftBehind, linesOf, press, responseOf, visit } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterEach(async () => {
  shiftTime(0);
  await server.sql("UPDATE consents SET ended_at = now(), end_reason = 'test' WHERE ended_at IS NULL");
});
afterAll(() => server.close());

const appointment = 'patient/Appointment.rs';
const medicines = 'patient/MedicationRequest.rs';
const wider = { scope: `${usualScope} ${medicines}` };

const refresh = (refreshToken: string | undefined) =>
  server.token({ grant_type: 'refresh_token', refresh_token: refreshToken ?? '' }, keteWeb);

describe('a person who has decided', () => {
  test('is not asked again: what she refused stays refused, and what she allowed is granted', async () => {
    const { visitor } = await authorise(server, { visitor: visit(server), without: [appointment] });
    const before = await leftBehind(server);
    const again = await authorise(server, { visitor });
    const after = await leftBehind(server);
    expect(after).toMatchObject({ consents: before.consents, answers: before.answers });
    expect((await exchange(server, again)).scope).toBe(usualScope.replace(` ${appointment}`, ''));
  });

  test('is not asked on another device of hers either', async () => {
    await authorise(server, { without: [appointment] });
    const { page, request } = await beginSignedIn(server);
    const response = responseOf(page);
    expect(response.get('state')).toBe(request.parameters.state);
    expect(response.has('code')).toBe(true);
  });

  test('is not asked for less than she has decided about', async () => {
    const { visitor } = await authorise(server, { visitor: visit(server) });
    const scope = 'openid launch/patient patient/Patient.rs';
    const less = await authorise(server, { visitor, change: { scope } });
    expect((await exchange(server, less)).scope).toBe(scope);
  });

  test('CO-02 is asked about one new scope alone, and told what she allows already', async () => {
    const { visitor } = await authorise(server, { visitor: visit(server), without: [appointment] });
    const { page } = await begin(server, { visitor, change: wider });
    expect(linesOf(page)).toEqual({ ticked: [medicines], unticked: [] });
    expect(page.html).toContain('You already allow 6 things');
    expect(page.html).toContain('You said no to this before.');
  });

  test('CO-02 is asked again by an application that she refused altogether', async () => {
    const { visitor, page } = await beginSignedIn(server);
    const denied = await visitor.follow(await press(visitor, page, 'deny'));
    expect(responseOf(denied).get('error')).toBe('access_denied');
    const again = await begin(server, { visitor });
    expect(linesOf(again.page).unticked).toEqual([]);
  });

  test('prompt=consent asks her again, with the lines as she left them', async () => {
    const { visitor } = await authorise(server, { visitor: visit(server), without: [appointment] });
    const { page } = await begin(server, { visitor, change: { prompt: 'consent' } });
    expect(linesOf(page).unticked).toEqual([appointment]);
    await allow(visitor, page);
    const silent = await begin(server, { visitor, change: { prompt: 'none' } });
    expect(responseOf(silent.page).has('code')).toBe(true);
  });

  test('CO-02 is asked again after 91 days, and not after 89', async () => {
    await authorise(server, { without: [appointment] });
    shiftTime(89 * 86_400);
    expect(responseOf((await beginSignedIn(server)).page).has('code')).toBe(true);
    shiftTime(91 * 86_400);
    const { page } = await beginSignedIn(server);
    // What has run out is no decision any more: every line is asked about anew.
    expect(linesOf(page).unticked).toEqual([]);
  });

  test('has said nothing about another application, and nothing for another person', async () => {
    const { visitor } = await authorise(server, { visitor: visit(server) });
    const app = { client_id: 'kete-spa', redirect_uri: 'http://127.0.0.1:8090/app.html' };
    expect((await begin(server, { visitor, change: app })).page.html).toContain('Kete Health in the browser');
    const hana = await beginSignedIn(server, { identifier: 'hana@example.test' });
    expect(hana.page.html).toContain('Hana Ngata (you)');
    const silent = await begin(server, { visitor: hana.visitor, change: { prompt: 'none' } });
    expect(responseOf(silent.page).get('error')).toBe('consent_required');
  });
});

describe('a new decision', () => {
  test('that takes something back ends what came from the old one', async () => {
    const old = await authorise(server, { visitor: visit(server) });
    const tokens = await exchange(server, old);
    await authorise(server, { visitor: old.visitor, change: { prompt: 'consent' }, without: [appointment] });
    expect(await introspect(server, tokens.access_token)).toEqual({ active: false });
    const refused = await refresh(tokens.refresh_token);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: 'invalid_grant' });
    const ended = await server.sql(
      "SELECT detail FROM audit_events WHERE type = 'grant.ended' ORDER BY at DESC",
    );
    expect(ended[0]).toMatchObject({ detail: { reason: 'consent narrowed' } });
  });

  test('that takes something back ends the family on her other device, too', async () => {
    const phone = await exchange(server, await authorise(server, { visitor: visit(server) }));
    await authorise(server, { change: { prompt: 'consent' }, without: [appointment] });
    expect(await introspect(server, phone.access_token)).toEqual({ active: false });
    expect((await refresh(phone.refresh_token)).status).toBe(400);
  });

  test('that adds something keeps what came from the old one', async () => {
    const old = await authorise(server, { visitor: visit(server) });
    const tokens = await exchange(server, old);
    const more = await authorise(server, { visitor: old.visitor, change: wider });
    expect((await exchange(server, more)).scope).toBe(wider.scope);
    expect(await introspect(server, tokens.access_token)).toMatchObject({ active: true, scope: usualScope });
    const answer = await refresh(tokens.refresh_token);
    expect(answer.status).toBe(200);
    // The old family stays what it was.
    expect(await answer.json()).toMatchObject({ scope: usualScope });
  });

  test('that says the same keeps what came from the old one', async () => {
    const old = await authorise(server, { visitor: visit(server) });
    const tokens = await exchange(server, old);
    await authorise(server, { visitor: old.visitor, change: { prompt: 'consent' } });
    expect((await refresh(tokens.refresh_token)).status).toBe(200);
  });

  test('about fewer lines leaves the others as they were, and they last no longer for it', async () => {
    const { visitor } = await authorise(server, { visitor: visit(server) });
    const [first] = await server.sql<{ expires_at: Date }>(
      'SELECT expires_at FROM consents WHERE ended_at IS NULL',
    );
    shiftTime(86_400);
    const change = { scope: `openid launch/patient ${medicines}` };
    await authorise(server, { visitor, change });
    const rows = await server.sql<{ expires_at: Date; lines: { scope: string }[] }>(
      'SELECT expires_at, lines FROM consents WHERE ended_at IS NULL',
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.expires_at).toEqual(first?.expires_at);
    expect(rows[0]?.lines.map(({ scope }) => scope).sort()).toEqual(wider.scope.split(' ').sort());
    expect(responseOf((await begin(server, { visitor, change: wider })).page).has('code')).toBe(true);
  });
});
