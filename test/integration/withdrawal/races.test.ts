import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { onServer } from '../../support/database.ts';
import { endDecisions } from '../../support/decisions.ts';
import { isActive, newFamily, refreshForm, renew, tokenRequest } from '../../support/exchange.ts';
import { startNode } from '../../support/fixtures.ts';
import { holdStatement } from '../../support/held.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import type { TokenAnswer } from '../../support/visitor.ts';
import { authorisationRequest, usualScope } from '../../support/visitor.ts';
import { addNotes, isActiveAt, notesChange, notesWeb } from '../attacks/jwts.ts';
import { heldBy, readyForm } from './taking.ts';

/** Something is taken back while something else goes on: no token that opens it is left alive. */

if (!onServer)
  console.warn('On the embedded database all this happens one after the other: set DATABASE_URL');

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await addNotes(server);
});
afterAll(() => server.close());
afterEach(() => endDecisions(server));

const taken = 'patient/Appointment.rs';

/** Living tokens of an answer that name the line. */
async function alive(tokens: TokenAnswer, api = 'demo-fhir'): Promise<boolean> {
  const active =
    api === 'demo-fhir' ? isActive(server, tokens) : isActiveAt(server, api, tokens.access_token);
  return tokens.scope.includes(taken) && (await active);
}

const answers = (sent: readonly { status: number; body: string }[]) =>
  sent.filter(({ status }) => status === 200).map(({ body }) => JSON.parse(body) as TokenAnswer);

describe('the same line, ten times at once', () => {
  test('is taken back once', async () => {
    const { visitor } = await newFamily(server);
    const { action, fields } = await readyForm(server, visitor, { clientId: 'kete-web', scope: taken });
    const before = await heldBy(server, 'kete-web');
    const all = await Promise.all(Array.from({ length: 10 }, () => visitor.copy().post(action, fields)));
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 303));
    expect((await heldBy(server, 'kete-web'))?.version).toBe((before?.version ?? 0) + 1);
    const rows = await server.sql(
      `SELECT FROM audit_events WHERE type = 'consent.withdrawn' AND detail->>'consent' = $1`,
      [before?.id],
    );
    expect(rows).toHaveLength(1);
  });
});

describe('everything, ten times at once', () => {
  test('is taken back once', async () => {
    const { first, visitor } = await newFamily(server);
    const { action, fields } = await readyForm(server, visitor, { clientId: 'kete-web' });
    const before = await heldBy(server, 'kete-web');
    await Promise.all(Array.from({ length: 10 }, () => visitor.copy().post(action, fields)));
    const rows = await server.sql(
      `SELECT FROM audit_events WHERE type = 'consent.withdrawn' AND detail->>'consent' = $1`,
      [before?.id],
    );
    expect(rows).toHaveLength(1);
    expect(await isActive(server, first)).toBe(false);
  });
});

describe('CO-03 two lines at once', () => {
  test('both are gone', async () => {
    const { first, visitor } = await newFamily(server);
    const other = 'patient/Immunization.rs';
    const forms = [
      await readyForm(server, visitor, { clientId: 'kete-web', scope: taken }),
      await readyForm(server, visitor, { clientId: 'kete-web', scope: other }),
    ];
    await Promise.all(forms.map(({ action, fields }) => visitor.copy().post(action, fields)));
    const held = await heldBy(server, 'kete-web');
    expect(held?.lines.filter((line) => [taken, other].includes(line.scope) && line.allowed)).toEqual([]);
    const next = await renew(server, first);
    expect(next.scope).not.toMatch(/Appointment|Immunization/);
  });
});

describe.runIf(onServer)('another spelling of a line that is just being taken back', () => {
  test('is asked about: it comes into no grant beside what is taken back', async () => {
    const spelling = 'patient/Appointment.read';
    const { visitor } = await newFamily(server);
    const { action, fields } = await readyForm(server, visitor, { clientId: 'kete-web', scope: taken });
    const held = holdStatement(server, (name) => name === 'consents_end_one');
    const taking = visitor.copy().post(action, fields);
    await held.reached;
    const { url } = authorisationRequest(server.issuer, { scope: `${usualScope} ${spelling}` });
    const browser = visitor.copy();
    const asking = browser.get(url);
    const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await expect.poll(async () => (await server.sql(waits)).length).toBeGreaterThan(0);
    held.release();
    expect((await taking).status).toBe(303);
    expect((await browser.follow(await asking)).html).toContain('/consent"');
    const lines = (await heldBy(server, 'kete-web'))?.lines.filter((line) => line.allowed);
    expect(lines?.map(({ scope }) => scope)).not.toContain(spelling);
    const grants = await server.sql<{ resources: string }>(
      `SELECT payload->>'resources' AS resources FROM oidc_artefacts WHERE model = 'Grant'`,
    );
    for (const { resources } of grants) expect(resources).not.toContain(spelling);
  });
});

describe.each([
  ['opaque tokens', 'kete-web', 'demo-fhir'],
  ['JWTs', 'notes-web', 'notes'],
] as const)('refreshes while a line is taken back, with %s', (_what, clientId, api) => {
  const client = clientId === 'kete-web' ? undefined : notesWeb;
  const family = () =>
    client === undefined
      ? newFamily(server)
      : newFamily(server, { change: { ...notesChange, scope: usualScope }, client });

  test('whatever comes of them has it no more', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 5; round += 1) {
      const { first, visitor } = await family();
      const { action, fields } = await readyForm(server, visitor, { clientId, scope: taken });
      const [refreshed, page] = await Promise.all([
        tokenRequest(server, refreshForm(first.refresh_token), client),
        visitor.copy().post(action, fields),
      ]);
      expect(page.status).toBe(303);
      const got = answers([refreshed]);
      expect(got).toHaveLength(1);
      for (const tokens of [first, ...got]) expect(await alive(tokens, api)).toBe(false);
      const [latest] = got;
      if (latest === undefined) throw new Error('no refresh came through');
      const last = await renew(server, latest, client);
      expect(last.scope).not.toContain(taken);
      expect(await isActiveAt(server, api, last.access_token)).toBe(true);
      await endDecisions(server);
    }
  });

  test.runIf(onServer)('one that has found its grant is waited for, and what it made is over', async () => {
    const { first, visitor } = await family();
    const { action, fields } = await readyForm(server, visitor, { clientId, scope: taken });
    // It holds a share of the grant by then, and has read the decision.
    const held = holdStatement(server, (name) => name === 'oidc_artefacts_consume');
    const refreshing = tokenRequest(server, refreshForm(first.refresh_token), client);
    await held.reached;
    const taking = visitor.post(action, fields);
    const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await expect.poll(async () => (await server.sql(waits)).length).toBeGreaterThan(0);
    held.release();
    const [answer] = answers([await refreshing]);
    expect((await taking).status).toBe(303);
    if (answer === undefined) throw new Error('the refresh did not come through');
    expect(answer.scope).toContain(taken);
    expect(await alive(answer, api)).toBe(false);
    expect((await renew(server, answer, client)).scope).not.toContain(taken);
  });

  test.runIf(onServer)(
    'one that comes while it is taken back waits for that, and gets the rest',
    async () => {
      const { first, visitor } = await family();
      const { action, fields } = await readyForm(server, visitor, { clientId, scope: taken });
      const held = holdStatement(server, (name) => name === 'oidc_artefacts_revoke_some');
      const taking = visitor.post(action, fields);
      await held.reached;
      const refreshing = tokenRequest(server, refreshForm(first.refresh_token), client);
      const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      await expect.poll(async () => (await server.sql(waits)).length).toBeGreaterThan(0);
      held.release();
      expect((await taking).status).toBe(303);
      const [answer] = answers([await refreshing]);
      expect(answer?.scope).not.toContain(taken);
      if (answer === undefined) throw new Error('the refresh did not come through');
      expect(await isActiveAt(server, api, answer.access_token)).toBe(true);
    },
  );
});

describe.skipIf(!onServer)('another node', () => {
  test('refuses within a second what was made before, and takes what comes after', async () => {
    const node = await startNode(server);
    try {
      const at = { issuer: server.issuer, port: node.port };
      const { first, visitor } = await newFamily(server, {
        change: { ...notesChange, scope: usualScope },
        client: notesWeb,
      });
      expect(await isActiveAt(at, 'notes', first.access_token)).toBe(true);
      const { action, fields } = await readyForm(server, visitor, { clientId: 'notes-web', scope: taken });
      await visitor.post(action, fields);
      await expect
        .poll(() => isActiveAt(at, 'notes', first.access_token), { timeout: 1000, interval: 50 })
        .toBe(false);
      const next = await renew(at, first, notesWeb);
      expect(next.scope).not.toContain(taken);
      expect(await isActiveAt(server, 'notes', next.access_token)).toBe(true);
    } finally {
      await node.close();
    }
  });
});
