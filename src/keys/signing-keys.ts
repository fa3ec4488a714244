import type { JWK } from 'jose';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import { type Database, locks, type Statement } from '../db/index.ts';
import { Refused } from '../errors.ts';
import {
  createKeyPair,
  type KeyPair,
  openKeyPair,
  type SigningAlgorithm,
  signingAlgorithms,
} from './key-pair.ts';
import { PUBLISHED_BEFORE, RETIRING_LIFE } from './times.ts';

/** next: published, not used yet. active: signs. retiring: published for tokens that still live. */
export type KeyState = 'next' | 'active' | 'retiring';

export interface SigningKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly state: KeyState;
  readonly createdAt: Date;
  /** Since when it signs or, of a next key, from when it will; undefined while nobody has asked for that. */
  readonly signsFrom: Date | undefined;
  /** When a retiring key leaves the published set. */
  readonly expiresAt: Date | undefined;
}

/** What became of the wish to rotate. */
export interface Rotation {
  /**
   * done: the key that was next signs from now on. planned: it was not published for long enough and will sign when it
   * is (`signsFrom`). planned-before: that was asked for already, and nothing was changed.
   */
  readonly outcome: 'done' | 'planned' | 'planned-before';
  /** The live keys afterwards. */
  readonly keys: readonly SigningKey[];
}

const statements = {
  all: {
    name: 'signing_keys_all',
    text: `SELECT kid, alg, state, private_key, created_at, active_at, signs_from, expires_at, clock_timestamp() AS at
           FROM signing_keys ORDER BY alg, state, created_at, kid`,
  },
  add: {
    name: 'signing_keys_add',
    text: `INSERT INTO signing_keys (kid, alg, state, public_jwk, private_key, created_at, active_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING kid`,
  },
  // Of two wishes the earlier time stays: who asks again must not put off what was promised.
  plan: {
    name: 'signing_keys_plan',
    text: `UPDATE signing_keys SET signs_from = $2, asked_by = $3
           WHERE kid = $1 AND state = 'next' AND (signs_from IS NULL OR signs_from > $2) RETURNING kid`,
  },
  retire: {
    name: 'signing_keys_retire',
    text: `UPDATE signing_keys SET state = 'retiring', expires_at = $3 WHERE alg = $1 AND state = 'active'
           AND EXISTS (SELECT FROM signing_keys WHERE alg = $1 AND state = 'next' AND signs_from <= $2) RETURNING kid`,
  },
  activate: {
    name: 'signing_keys_activate',
    text: `UPDATE signing_keys SET state = 'active', active_at = $2
           WHERE alg = $1 AND state = 'next' AND signs_from <= $2 RETURNING kid, asked_by`,
  },
  // The time is that when the lock was got, not when the wait for it began.
  lock: {
    name: 'signing_keys_lock',
    text: 'SELECT clock_timestamp() AS at FROM pg_advisory_xact_lock($1)',
  },
  forget: { name: 'signing_keys_forget', text: 'DELETE FROM signing_keys WHERE expires_at <= $1' },
} satisfies Record<string, Statement>;

interface KeyRow {
  kid: string;
  alg: SigningAlgorithm;
  state: KeyState;
  private_key: string;
  created_at: Date;
  active_at: Date | null;
  signs_from: Date | null;
  expires_at: Date | null;
  /** The time of the database when it was read. */
  at: Date;
}

export interface SigningKeys {
  /**
   * Makes what is missing: an active and a next key for each algorithm. Safe for several starters at once.
   *
   * @throws Refused where something is missing and this node's clock differs from the database's
   */
  ensure(): Promise<void>;
  /** The live keys, without their secrets. */
  list(): Promise<SigningKey[]>;
  /**
   * The live keys as private JWKs: the active one of each algorithm first (the first that fits signs), then the next
   * ones, then those that retire.
   */
  privateJwks(): Promise<JWK[]>;
  /**
   * For each algorithm next becomes active, active becomes retiring, and a new next is made; all or nothing. This happens
   * at once when every next key was made at least `PUBLISHED_BEFORE` ago. Else it is noted, and `keep` carries it out.
   *
   * @param actor who asks; the audit names it when it is done
   * @throws Refused where this node's clock differs from the database's: nothing was changed
   */
  rotate(actor: string): Promise<Rotation>;
  /**
   * What every running server does at each of its looks: makes missing keys, carries out a rotation that is due, and
   * forgets what has expired. Several nodes may do so at once: one of them rotates. One whose clock differs from the
   * database's reads and changes nothing.
   *
   * @returns the kids of the live keys in the order of `privateJwks`: while they are the same, nothing has changed
   */
  keep(): Promise<readonly string[]>;
}

const order: readonly KeyState[] = ['active', 'next', 'retiring'];

const inOrder = (rows: readonly KeyRow[]) =>
  rows.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));

const isLive = (row: KeyRow, now: Date) => row.expires_at === null || row.expires_at > now;

const isDue = (row: KeyRow, now: Date) =>
  row.state === 'next' && row.signs_from !== null && row.signs_from <= now;

/** What each algorithm must have and these keys lack. */
function missing(rows: readonly KeyRow[]): { alg: SigningAlgorithm; state: KeyState }[] {
  return signingAlgorithms
    .flatMap((alg) => (['active', 'next'] as const).map((state) => ({ alg, state })))
    .filter(({ alg, state }) => !rows.some((row) => row.alg === alg && row.state === state));
}

/** When all of these keys have been published for long enough to sign. */
function ripe(rows: readonly KeyRow[]): Date {
  return new Date(Math.max(...rows.map((row) => row.created_at.getTime())) + PUBLISHED_BEFORE * 1000);
}

/** How far two times are from each other, in milliseconds. */
const apart = (one: Date, other: Date) => Math.abs(one.getTime() - other.getTime());

/** What is said where a change is refused. */
const wrongClock = (now: Date, at: Date) =>
  new Refused('Nothing was changed:', [
    `the clock of this machine differs from the database's by ${Math.round(apart(now, at) / 1000)} s`,
    'set both by NTP, and try again; a machine whose clock is right can do it meanwhile',
  ]);

function describe({ kid, alg, state, ...row }: KeyRow): SigningKey {
  const signsFrom = (state === 'next' ? row.signs_from : row.active_at) ?? undefined;
  return { kid, alg, state, createdAt: row.created_at, signsFrom, expiresAt: row.expires_at ?? undefined };
}

/**
 * The signing keys in the database, encrypted under the master key.
 *
 * No two nodes change over in the same instant, and their clocks may differ by seconds. Neither matters: the key that
 * begins to sign has been in every key set for `PUBLISHED_BEFORE`, and the one that ceases stays there for
 * `RETIRING_LIFE`, so what either signs meanwhile can be verified. A node whose clock differs by more would let a key sign
 * before caches have it, or take one away while its tokens live. So it changes nothing, and sees the keys as they are by the
 * database's clock.
 *
 * @param tolerance milliseconds; a node whose clock differs from the database's by so much or more changes nothing. Infinite
 *   where time is moved on purpose (the demonstration, tests): the clock of a database server does not move with it
 */
export function createSigningKeys(options: {
  db: Database;
  masterKey: Buffer;
  clock: Clock;
  audit: Audit;
  tolerance: number;
}): SigningKeys {
  const { db, masterKey, clock, audit, tolerance } = options;

  const isOff = (now: Date, at: Date) => apart(now, at) >= tolerance;

  /** All rows, and the time by which they are judged: the database's where this node's clock is off. */
  async function read(): Promise<{ rows: KeyRow[]; now: Date; off: boolean }> {
    const rows = await db.query<KeyRow>(statements.all);
    const now = clock.now();
    const at = rows[0]?.at ?? now;
    const off = isOff(now, at);
    return { rows, now: off ? at : now, off };
  }

  async function live(): Promise<KeyRow[]> {
    const { rows, now } = await read();
    return rows.filter((row) => isLive(row, now));
  }

  /**
   * The only way to change keys: in a transaction, one node at a time, with the time of this node, which was compared with the
   * database's just now. @throws Refused where they differ
   */
  const change = <T>(work: (now: Date) => Promise<T>) =>
    db.transaction(async () => {
      const [locked] = await db.query<{ at: Date }>(statements.lock, [locks.keyRotation]);
      if (locked === undefined) throw new Error('the lock is one row');
      const now = clock.now();
      if (isOff(now, locked.at)) throw wrongClock(now, locked.at);
      return work(now);
    });

  /** Made before a transaction begins: nobody should wait for a lock meanwhile. */
  const pairsFor = (rows: readonly KeyRow[]) =>
    Promise.all(rows.map(({ alg }) => createKeyPair(masterKey, alg)));

  /** Stores a pair in a state, unless another starter has filled it meanwhile. */
  async function add({ kid, alg, publicJwk, sealed }: KeyPair, state: KeyState, now: Date): Promise<boolean> {
    const values = [kid, alg, state, publicJwk, sealed, now, state === 'active' ? now : null];
    return (await db.query(statements.add, values)).length === 1;
  }

  async function fill(rows: readonly KeyRow[]): Promise<void> {
    for (const { alg, state } of missing(rows)) {
      const pair = await createKeyPair(masterKey, alg);
      await change(async (now) => {
        const added = await add(pair, state, now);
        if (added) await audit.record({ type: 'key.created', detail: { kid: pair.kid, alg, state } });
      });
    }
  }

  /** Carries out what is due, as a change of the caller's; whoever comes second finds nothing due. */
  async function carryOut(pairs: readonly KeyPair[], now: Date): Promise<void> {
    const until = new Date(now.getTime() + RETIRING_LIFE * 1000);
    for (const pair of pairs) {
      const { alg, kid } = pair;
      const [old] = await db.query<{ kid: string }>(statements.retire, [alg, now, until]);
      const [active] = await db.query<{ kid: string; asked_by: string }>(statements.activate, [alg, now]);
      if (active === undefined) continue;
      await add(pair, 'next', now);
      await audit.record({
        type: 'key.rotated',
        detail: { alg, actor: active.asked_by, retiring: old?.kid ?? null, active: active.kid, next: kid },
      });
    }
  }

  const list = async () => (await live()).map(describe);

  return {
    list,
    ensure: async () => fill((await read()).rows),
    privateJwks: async () =>
      inOrder(await live()).map((row) => openKeyPair(masterKey, { ...row, sealed: row.private_key })),
    async rotate(actor) {
      await fill((await read()).rows);
      const { rows, now } = await read();
      const next = rows.filter(({ state }) => state === 'next');
      const from = ripe(next);
      const pairs = from <= now ? await pairsFor(next) : [];
      const noted = await change(async (then) => {
        // By kid: of several who ask at once, those who come late must not ask for the key after it too.
        const plans: unknown[] = [];
        for (const { kid } of next) plans.push(...(await db.query(statements.plan, [kid, from, actor])));
        if (plans.length > 0)
          await audit.record({ type: 'key.planned', detail: { actor, signs_from: from.toISOString() } });
        await carryOut(pairs, then);
        return plans.length > 0;
      });
      const keys = await list();
      const waiting = keys.some(({ state, signsFrom }) => state === 'next' && signsFrom !== undefined);
      return { outcome: waiting ? (noted ? 'planned' : 'planned-before') : 'done', keys };
    },
    async keep() {
      const { rows, now, off } = await read();
      const due = rows.filter((row) => isDue(row, now));
      const valid = rows.filter((row) => isLive(row, now));
      const expired = valid.length < rows.length;
      const kids = (these: readonly KeyRow[]) => inOrder(these).map(({ kid }) => kid);
      if (off || (missing(rows).length === 0 && due.length === 0 && !expired)) return kids(valid);
      if (due.length > 0) {
        const pairs = await pairsFor(due);
        await change((then) => carryOut(pairs, then));
      }
      await fill(rows);
      if (expired) await change((then) => db.query(statements.forget, [then]));
      return kids(await live());
    },
  };
}
