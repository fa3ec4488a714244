import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onServer } from '../../support/database.ts';
import {
  type Credentials,
  labChange,
  labWeb,
  lasting,
  newFamily,
  outcome,
  redeem,
  registerLab,
  tokenRequest,
} from '../../support/exchange.ts';
import { eventually } from '../../support/fixtures.ts';
import { holdStatement } from '../../support/held.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, exchangeForm, type Page, type TokenAnswer, type Visitor } from '../../support/visitor.ts';
import { addNotes, isActiveAt, notesChange, notesWeb } from '../attacks/jwts.ts';
import { answerSignOut, endSession } from '../pages/leaving.ts';

/** Signing out in one tab while an application is opened in a second one of the same browser. */

if (!onServer) console.warn('Signing out while a token is being made is not tested: set DATABASE_URL');

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await registerLab(server);
  await addNotes(server);
  // The decision is of an earlier day, in another browser: the application is opened without a question.
  await newFamily(server, { change, client: notesWeb });
});
afterAll(() => server.close());

/** An application whose tokens are JWTs, for as long as the person is signed in. */
const change = { ...notesChange, scope: 'openid fhirUser launch/patient patient/Patient.rs' };

/** A browser in which somebody is signed in and has opened another application. */
const signedIn = async () =>
  (await newFamily(server, { change: { ...labChange, scope: lasting('online_access') }, client: labWeb }))
    .visitor;

/** Answers in a tab of its own that she wants to sign out; the question is there already. */
async function asked(visitor: Visitor): Promise<() => Promise<Page>> {
  const tab = visitor.copy();
  const page = await endSession(server, tab);
  return () => answerSignOut(tab.copy(), page, 'out');
}

/** Whether there is somebody to sign out. */
const isAsked = async (visitor: Visitor) =>
  (await endSession(server, visitor)).html.includes('/session/end/confirm"');

const open = async (visitor: Visitor) =>
  redeem(server, await authorise(server, { change, visitor }), notesWeb);

const isActive = ({ access_token: token }: TokenAnswer) => isActiveAt(server, 'notes', token);

async function grantsOf([clientId]: Credentials): Promise<string[]> {
  const rows = await server.sql<{ id: string }>(
    `SELECT id FROM oidc_artefacts WHERE model = 'Grant' AND client_id = $1 ORDER BY id`,
    [clientId],
  );
  return rows.map(({ id }) => id);
}

describe('SE-04 signing out', () => {
  test('ends the JWT of an application that was opened before', async () => {
    const visitor = await signedIn();
    const opened = await open(visitor);
    expect(await isActive(opened)).toBe(true);
    expect((await (await asked(visitor))()).status).toBe(303);
    expect(await isActive(opened)).toBe(false);
  });

  test('while an application is being opened: its code is worth nothing, and its grant ends', async () => {
    const visitor = await signedIn();
    const signOut = await asked(visitor);
    const before = await grantsOf(notesWeb);
    // This request has found the session, and saves it at the end.
    const held = holdStatement(server, (_name, [model]) => model === 'AuthorizationCode');
    const opening = authorise(server, { change, visitor: visitor.copy() });
    await held.reached;
    expect((await grantsOf(notesWeb)).length).toBe(before.length + 1);
    expect((await signOut()).status).toBe(303);
    held.release();
    const late = await tokenRequest(server, exchangeForm(await opening), notesWeb);
    expect(outcome(late)).toBe('400 invalid_grant');
    expect(await grantsOf(notesWeb)).toEqual(before);
  });
});

describe.skipIf(!onServer)('SE-04 signing out while a token is being made from another grant', () => {
  /** Holds a share of grants, as a refresh does that is under way; the function that is returned ends it. */
  async function hold(grants: readonly string[]): Promise<() => Promise<void>> {
    const { url } = server.services.target as { url: string };
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    await other.query('BEGIN');
    await other.query(`SELECT FROM oidc_artefacts WHERE model = 'Grant' AND id = ANY ($1) FOR SHARE`, [
      grants,
    ]);
    return () => other.end();
  }

  const waiting = `SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'DELETE FROM oidc_artefacts%'`;

  /** Begins to sign out, and opens the application while that waits. */
  async function openMeanwhile(visitor: Visitor, signOut: () => Promise<Page>) {
    const release = await hold(await grantsOf(labWeb));
    const leaving = signOut();
    await eventually(async () => ((await server.sql(waiting)).length > 0 ? true : undefined));
    const opened = await open(visitor);
    expect(await isActive(opened)).toBe(true);
    return { leaving, opened, release };
  }

  test('ends the JWT of an application that was opened meanwhile', async () => {
    const visitor = await signedIn();
    const { leaving, opened, release } = await openMeanwhile(visitor, await asked(visitor));
    await release();
    expect((await leaving).status).toBe(303);
    expect(await isAsked(visitor)).toBe(false);
    expect(await isActive(opened)).toBe(false);
  });

  test('can be tried again when that application keeps it waiting, too', async () => {
    const visitor = await signedIn();
    const signOut = await asked(visitor);
    const { leaving, opened, release } = await openMeanwhile(visitor, signOut);
    const releaseOpened = await hold(await grantsOf(notesWeb));
    await release();
    expect((await leaving).status).toBe(503);
    expect(await isAsked(visitor)).toBe(true);
    await releaseOpened();
    const again = await asked(visitor);
    expect((await again()).status).toBe(303);
    expect(await isActive(opened)).toBe(false);
  });
});
