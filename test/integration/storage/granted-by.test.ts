import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { ConsentEnded, createSqlStore, type SqlStore } from '../../../src/oidc/storage/index.ts';
import type { GrantedBy } from '../../../src/oidc/storage/store.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise } from '../../support/visitor.ts';
import { arohas, fresh, together } from './artefacts.ts';

/** A grant is there with the decision that it is made from, and with the sign-in of who makes it, or not at all. */

let server: TestServer;
let store: SqlStore;
beforeAll(async () => {
  server = await startServer();
  store = createSqlStore({ db: server.services.db, clock: systemClock });
});
afterAll(() => server.close());

/** Tries to make a grant. @returns its id; undefined where what it is made from has ended */
async function grant(grantedBy: GrantedBy): Promise<string | undefined> {
  const id = fresh('grant');
  try {
    await store.put('Grant', id, arohas({ grantedBy }));
    return id;
  } catch (error) {
    if (error instanceof ConsentEnded) return undefined;
    throw error;
  }
}

/** A decision of Aroha's that holds. */
async function decided(): Promise<GrantedBy> {
  await authorise(server);
  const [row] = await server.sql<{ id: string; proof_version: number }>(
    `SELECT c.id, a.proof_version FROM consents c JOIN accounts a ON a.id = c.account_id
     WHERE a.id = 'aroha' AND c.ended_at IS NULL`,
  );
  return { consentId: String(row?.id), proofVersion: Number(row?.proof_version) };
}

const endDecision = ({ consentId }: GrantedBy) =>
  server.sql(`UPDATE consents SET ended_at = decided_at, end_reason = 'withdrawn' WHERE id = $1`, [
    consentId,
  ]);

const signOutEverywhere = () => server.services.accounts.signOut('aroha');

/** Whether a grant is noted with its decision, and kept: both or neither. */
async function isThere(id: string): Promise<boolean[]> {
  const noted = await server.sql('SELECT FROM grants WHERE grant_id = $1', [id]);
  return [noted.length === 1, (await store.find('Grant', id)) !== undefined];
}

test('is noted with its decision and kept', async () => {
  const id = await grant(await decided());
  expect(await isThere(String(id))).toEqual([true, true]);
});

test.each([
  ['the decision has ended', endDecision],
  ['she has signed out everywhere', signOutEverywhere],
  [
    'her account was disabled',
    () => server.sql(`UPDATE accounts SET disabled_at = now() WHERE id = 'aroha'`),
  ],
])('is none where %s since it was looked at', async (_what, happens) => {
  const from = await decided();
  await happens(from);
  expect(await grant(from)).toBeUndefined();
  await server.sql(`UPDATE accounts SET disabled_at = NULL WHERE id = 'aroha'`);
});

test.each([
  ['the decision ends', endDecision],
  ['she signs out everywhere', signOutEverywhere],
])('of ten that are made while %s, each is there as a whole or not at all', async (_what, happens) => {
  const from = await decided();
  const making = together(10, () => grant(from));
  await happens(from);
  for (const id of await making) if (id !== undefined) expect(await isThere(id)).toEqual([true, true]);
  expect(await grant(from)).toBeUndefined();
});
