import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { demoKey } from '../../support/assertion.ts';
import { onServer } from '../../support/database.ts';
import { createPlace, type Place, until } from '../../support/process.ts';
import { holdRequest, openConnection, takesConnections } from './held.ts';
import { compare } from './ledger.ts';
import { createLoad } from './load.ts';

const IN_FLIGHT = 16;
const HELD = 8;
const CUTS = 8;
const LONG = 120_000;

let place: Place | undefined;

afterEach(() => place?.close(), LONG);

describe('F-17 SIGTERM while requests are in flight', () => {
  test('what was accepted is answered, nothing is issued unseen, and the process ends by itself', {
    timeout: LONG,
  }, async () => {
    place = await createPlace();
    const here = place;
    const server = await here.start();
    const load = createLoad({
      issuer: here.issuer,
      key: demoKey(here, 'clinic-jwt'),
      inFlight: IN_FLIGHT,
    });
    load.release();
    await until('the load runs', () => load.received.length >= 50);
    const held = await Promise.all(Array.from({ length: HELD }, () => holdRequest(here)));
    const connection = await openConnection(here);

    const begin = Date.now();
    server.signal('SIGTERM');
    await until('no new connection is taken', async () => !(await takesConnections(here)));
    expect(server.hasEnded()).toBe(false);
    const readiness = await connection.readiness();
    expect([503, 'closed']).toContain(readiness);
    const answers = await Promise.all(held.map((request) => request.finish()));
    await load.hold();
    const answeredAfter = Date.now() - begin;
    expect(await server.ended).toEqual({ code: 0, signal: null });
    const lost = load.outcomes.filter((outcome) => outcome.lost);
    console.log(
      `readiness: ${readiness}; last answer ${answeredAfter} ms after SIGTERM, end ${Date.now() - begin} ms after it; ` +
        `${lost.length} requests of ${IN_FLIGHT} clients found nobody any more`,
    );

    expect(answers.map(({ status }) => status)).toEqual(Array(HELD).fill(200));
    expect(lost.filter(({ begun }) => begun)).toEqual([]);
    const wrong = load.outcomes.filter((outcome) => !outcome.lost && outcome.status !== 200);
    expect(wrong).toEqual([]);

    const db = await here.open();
    try {
      const received = [
        ...load.received,
        ...answers.map(({ jti }) => ({
          clientId: 'clinic-backend',
          jti,
          token: '',
        })),
      ];
      // A surplus row would be a request that was accepted and carried out and got no answer.
      expect(await compare(db, received)).toEqual({ faults: [], surplus: 0 });
    } finally {
      await db.close();
    }
  });
});

/** Runs one statement on the database beside the server; gives the number of rows. */
async function onDatabase(here: Place, text: string): Promise<number> {
  const admin = new pg.Client({ connectionString: here.databaseUrl });
  await admin.connect();
  try {
    return (await admin.query(text)).rowCount ?? 0;
  } finally {
    await admin.end();
  }
}

/** Ends every session of the server under test, as a restart of PostgreSQL does; gives their number. */
const cutSessions = (here: Place) =>
  onDatabase(
    here,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
  );

describe('F-04 all database sessions are ended under load', () => {
  test('the process stays, answers 200 or 503 with Retry-After and recovers by itself', {
    timeout: LONG,
  }, async ({ skip }) => {
    if (!onServer) {
      const reason = 'the embedded database has no sessions to end; set DATABASE_URL';
      console.log(`left out: ${reason}`);
      skip(reason);
    }
    place = await createPlace();
    const here = place;
    const server = await here.start();
    // Opaque tokens are stored in a transaction of several statements, between which a session can end too.
    await onDatabase(here, `UPDATE apis SET token_format = 'opaque' WHERE id = 'admin-api'`);
    const load = createLoad({
      issuer: here.issuer,
      key: demoKey(here, 'clinic-jwt'),
      inFlight: IN_FLIGHT,
      opaque: true,
    });
    load.release();
    const received = async (goal: number) => {
      await until(`${goal} tokens are received`, () => {
        if (server.hasEnded()) throw new Error(`the server ended under load:\n${server.output()}`);
        return load.received.length >= goal;
      });
    };
    let cut = 0;
    for (let round = 0; round < CUTS; round += 1) {
      await received(load.received.length + 50 + Math.floor(Math.random() * 100));
      cut += await cutSessions(here);
    }
    await received(load.received.length + 200);
    await until('the server is ready again', async () => {
      const response = await fetch(`${here.issuer}/health/ready`);
      await response.arrayBuffer();
      return response.ok;
    });
    await load.hold();
    const refused = load.outcomes.filter((outcome) => outcome.lost || outcome.status !== 200);
    console.log(`${cut} sessions ended, ${load.received.length} tokens, ${refused.length} times 503`);

    expect(cut).toBeGreaterThan(0);
    expect(server.hasEnded()).toBe(false);
    for (const outcome of refused) {
      expect(outcome).toEqual({
        lost: false,
        status: 503,
        retryAfter: expect.stringMatching(/^\d+$/),
      });
    }

    // A 503 leaves open whether the assertion is spent; what it must not do is to bring two tokens.
    await Promise.all(load.assertions.map(load.resend));
    expect(load.assertions.filter((sent) => sent.successes > 1)).toEqual([]);

    const db = await here.open();
    try {
      const { faults, surplus } = await compare(db, load.received);
      console.log(`${surplus} audit rows of tokens whose commit was answered with 503`);
      expect(faults).toEqual([]);
    } finally {
      await db.close();
    }
  });
});
