import type { JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/db/index.ts';
import { apis, clients, organizations } from '../../../src/demo/world.ts';
import { demoKey } from '../../support/assertion.ts';
import { createPlace, type Ending, type Place } from '../../support/process.ts';
import { compare, repeated } from './ledger.ts';
import { createLoad, type Load, type Outcome } from './load.ts';
import { publishedKeys, type StormReport, storm, unverifiable } from './storm.ts';

const KILLS = 20;
const TOKENS = 2000;
const IN_FLIGHT = 16;
const LONG = 300_000;

let place: Place | undefined;
let load: Load;
let report: StormReport;
let db: Database | undefined;
let keysBefore: JSONWebKeySet;
let keysAfter: JSONWebKeySet;
let unverified: string[];
let doctor: Ending & { readonly output: string };
let lastUses: Outcome[];
let stopped: Ending;

const statuses = (outcomes: readonly Outcome[]) =>
  [...new Set(outcomes.map((outcome) => (outcome.lost ? 'lost' : outcome.status)))].toSorted();

const opened = (): Database => {
  if (db === undefined) throw new Error('the database was not opened');
  return db;
};

async function count(text: string): Promise<number> {
  const [row] = await opened().query<{ count: number }>({ name: '', text });
  return row?.count ?? Number.NaN;
}

beforeAll(async () => {
  place = await createPlace();
  const first = await place.start();
  keysBefore = await publishedKeys(place);
  load = createLoad({
    issuer: place.issuer,
    key: demoKey(place, 'clinic-jwt'),
    inFlight: IN_FLIGHT,
  });
  const begin = Date.now();
  const { server, report: seen } = await storm(place, load, {
    server: first,
    kills: KILLS,
    tokens: TOKENS,
  });
  report = seen;
  keysAfter = await publishedKeys(place);
  unverified = await unverifiable(place, keysAfter, load.received);
  // Every assertion that ever brought a token, once more: whichever process saw it, none may do so again.
  lastUses = await Promise.all(load.assertions.filter((sent) => sent.successes > 0).map(load.resend));
  server.signal('SIGTERM');
  stopped = await server.ended;
  doctor = await place.assent('doctor');
  db = await place.open();
  const late = report.retried.filter((outcome) => !outcome.lost && outcome.status === 200).length;
  console.log(
    `${KILLS} kills under load and ${report.earlyKills} during a start, ${load.received.length} tokens; ` +
      `of ${report.retried.length / 2} assertions in flight ${late} brought their token afterwards; ` +
      `starts took ${report.starts.toSorted((a, b) => a - b).join(' ')} ms; ${Date.now() - begin} ms in the whole`,
  );
}, LONG);

afterAll(async () => {
  await db?.close();
  await place?.close();
}, LONG);

describe(`F-01 F-15 ${KILLS} kills at random moments while ${TOKENS} tokens are issued`, () => {
  test('fresh requests get a token or, when the process dies under them, no answer: nothing else', () => {
    expect(load.received.length).toBeGreaterThanOrEqual(TOKENS);
    expect(report.starts).toHaveLength(KILLS);
    expect(report.lostWhileUp).toBe(0);
    expect(statuses(load.outcomes.filter((outcome) => !outcome.lost))).toEqual([200]);
  });

  test('every token that was received has exactly one audit row, with its client', async () => {
    const { faults, surplus } = await compare(opened(), load.received);
    console.log(`${surplus} audit rows of tokens whose answer was lost`);
    expect(faults).toEqual([]);
  });

  test('no identifier was given to two tokens', () => {
    expect(repeated(load.received.map(({ jti }) => jti))).toEqual([]);
  });

  test('no assertion brought two tokens', () => {
    expect(load.assertions.filter((sent) => sent.successes > 1)).toEqual([]);
    expect(statuses(report.again)).toEqual([401]);
    expect(statuses(lastUses)).toEqual([401]);
    for (const status of statuses(report.retried)) expect([200, 401]).toContain(status);
  });

  test('the signing keys stay the same and verify every token', () => {
    expect(keysAfter).toEqual(keysBefore);
    expect(unverified).toEqual([]);
  });

  test('the last process stops properly, and doctor finds nothing wrong', () => {
    expect(stopped).toEqual({ code: 0, signal: null });
    expect(doctor.output).not.toContain('FAULT');
    expect(doctor).toMatchObject({ code: 0 });
  });

  test('the demo world and the keys are there once, as the first start made them', async () => {
    expect({
      organizations: await count('SELECT count(*) FROM organizations'),
      apis: await count('SELECT count(*) FROM apis'),
      clients: await count('SELECT count(*) FROM clients'),
      keys: await count('SELECT count(*) FROM signing_keys'),
      seeded: await count(`SELECT count(*) FROM audit_events WHERE type = 'demo.seeded'`),
      keysMade: await count(`SELECT count(*) FROM audit_events WHERE type = 'key.created'`),
    }).toEqual({
      organizations: organizations.length,
      apis: apis('http://localhost').length,
      clients: clients('http://localhost').length,
      keys: 4,
      seeded: 1,
      keysMade: 4,
    });
  });

  test('every table can be read to the end and its indexes can be built anew', async () => {
    const tables = await opened().query<{ name: string }>({
      name: '',
      text: `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
    });
    expect(tables.length).toBeGreaterThan(10);
    for (const { name } of tables) {
      expect(await count(`SELECT count(*) FROM ${name} AS whole WHERE whole::text IS NULL`)).toBe(0);
      // A unique index that lost entries would hide a duplicate; building it anew finds it.
      await opened().query({ name: '', text: `REINDEX TABLE ${name}` });
    }
  });
});
