import type { Clock } from '../../clock.ts';
import type { Database, Statement } from '../../db/index.ts';
import { lifetimes } from '../lifetimes.ts';
import { mergeSession } from './session.ts';
import type { Artefact, ArtefactStore, StoredArtefact } from './store.ts';

const values = '(model, id, payload, grant_id, uid, user_code, account_id, client_id, expires_at)';

/** consumed_at and consumed_recorded_at are left out on purpose: saving again must not make a used artefact usable. */
const replace = `payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid,
  user_code = excluded.user_code, account_id = excluded.account_id, client_id = excluded.client_id,
  expires_at = excluded.expires_at`;

const alive = '(expires_at IS NULL OR expires_at > $3)';

const statements = {
  put: {
    name: 'oidc_artefacts_put',
    text: `INSERT INTO oidc_artefacts ${values} VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           ON CONFLICT (model, id) DO UPDATE SET ${replace}`,
  },
  putAgain: {
    name: 'oidc_artefacts_put_again',
    text: `UPDATE oidc_artefacts SET payload = $3, grant_id = $4, uid = $5, user_code = $6, account_id = $7,
             client_id = $8, expires_at = $9
           WHERE model = $1 AND id = $2 RETURNING id`,
  },
  // A plain INSERT: the unique index on predecessor refuses a second successor.
  addSuccessor: {
    name: 'oidc_artefacts_add_successor',
    text: `INSERT INTO oidc_artefacts (model, id, payload, grant_id, uid, user_code, account_id, client_id, expires_at,
             predecessor) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
  },
  // Two requests of one browser may both give the session a new id, or both save it for the first time: the uid is
  // the session, and the later id is kept. Both unique keys may be in the way, hence two statements.
  addSession: {
    name: 'oidc_artefacts_add_session',
    text: `INSERT INTO oidc_artefacts ${values} VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           ON CONFLICT DO NOTHING RETURNING id`,
  },
  replaceByUid: {
    name: 'oidc_artefacts_replace_by_uid',
    text: `UPDATE oidc_artefacts SET id = $2, payload = $3, grant_id = $4, user_code = $6, account_id = $7,
             client_id = $8, expires_at = $9
           WHERE model = $1 AND uid = $5 RETURNING id`,
  },
  // Hardly ever has another request saved it meanwhile. Where one has, what this one changed is merged (`lockByUid`).
  replaceFound: {
    name: 'oidc_artefacts_replace_found',
    text: `UPDATE oidc_artefacts SET id = $2, payload = $3, grant_id = $4, user_code = $6, account_id = $7,
             client_id = $8, expires_at = $9
           WHERE model = $1 AND uid = $5 AND payload = $10 RETURNING id`,
  },
  putMany: {
    name: 'oidc_artefacts_put_many',
    text: `INSERT INTO oidc_artefacts ${values}
           SELECT model, id, payload, grant_id, uid, user_code, account_id, client_id, expires_at
           FROM jsonb_to_recordset($1::jsonb) AS artefact
             (model text, id text, payload jsonb, grant_id text, uid text, user_code text, account_id text,
              client_id text, expires_at timestamptz)`,
  },
  find: {
    name: 'oidc_artefacts_find',
    text: `SELECT payload, consumed_at FROM oidc_artefacts WHERE model = $1 AND id = $2 AND ${alive}`,
  },
  findSome: {
    name: 'oidc_artefacts_find_some',
    text: `SELECT model, id, payload, consumed_at FROM oidc_artefacts
           WHERE (model, id) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND ${alive}`,
  },
  // Inside a transaction the grant stays as it is until the end: whoever revokes it waits, and then ends what was made.
  findLocked: {
    name: 'oidc_artefacts_find_locked',
    text: `SELECT payload, consumed_at FROM oidc_artefacts WHERE model = $1 AND id = $2 AND ${alive} FOR SHARE`,
  },
  // In this store SQL reads a clock of its own here and in `consume` only: the clocks of the node that used it
  // and of the one that sees it again may be two minutes apart, which a thief would have beside the ten seconds. Where the
  // database did not write a time (the version before), or is not yet as far (another server took over), it is no retry:
  // that costs a client a new sign-in, the other way round a theft would not be seen.
  replay: {
    name: 'oidc_artefacts_replay',
    text: `SELECT used.grant_id,
             used.consumed_at > $3
               AND used.consumed_recorded_at IS NOT NULL
               AND used.consumed_recorded_at > clock_timestamp() - make_interval(secs => $4::integer)
               AND used.consumed_recorded_at <= clock_timestamp()
               AND EXISTS (SELECT FROM oidc_artefacts AS successor
                 WHERE successor.predecessor = used.id AND successor.consumed_at IS NULL) AS retry
           FROM oidc_artefacts AS used
           WHERE used.model = $1 AND used.id = $2 AND used.consumed_at IS NOT NULL`,
  },
  findByUid: {
    name: 'oidc_artefacts_find_by_uid',
    text: `SELECT payload, consumed_at FROM oidc_artefacts WHERE model = $1 AND uid = $2 AND ${alive}`,
  },
  findByUserCode: {
    name: 'oidc_artefacts_find_by_user_code',
    text: `SELECT payload, consumed_at FROM oidc_artefacts WHERE model = $1 AND user_code = $2 AND ${alive}`,
  },
  consume: {
    name: 'oidc_artefacts_consume',
    text: `UPDATE oidc_artefacts SET consumed_at = $3, consumed_recorded_at = clock_timestamp()
           WHERE model = $1 AND id = $2 AND consumed_at IS NULL AND ${alive} RETURNING id`,
  },
  lockByUid: {
    name: 'oidc_artefacts_lock_by_uid',
    text: 'SELECT payload, consumed_at FROM oidc_artefacts WHERE model = $1 AND uid = $2 FOR UPDATE',
  },
  destroyByUid: {
    name: 'oidc_artefacts_destroy_by_uid',
    text: 'DELETE FROM oidc_artefacts WHERE model = $1 AND uid = $2 RETURNING payload, consumed_at',
  },
  destroy: {
    name: 'oidc_artefacts_destroy',
    text: 'DELETE FROM oidc_artefacts WHERE model = $1 AND id = $2 RETURNING id',
  },
  clear: {
    name: 'oidc_artefacts_clear',
    text: `DELETE FROM oidc_artefacts WHERE ctid = ANY (ARRAY (SELECT ctid FROM oidc_artefacts LIMIT $1))
           RETURNING model`,
  },
  lock: {
    name: 'oidc_artefacts_lock',
    text: 'SELECT id FROM oidc_artefacts WHERE model = $1 AND id = $2 FOR UPDATE',
  },
  revokeSome: {
    name: 'oidc_artefacts_revoke_some',
    text: 'DELETE FROM oidc_artefacts WHERE grant_id = $1 AND model = ANY ($2)',
  },
  revoke: { name: 'oidc_artefacts_revoke', text: 'DELETE FROM oidc_artefacts WHERE grant_id = $1' },
} satisfies Record<string, Statement>;

interface ArtefactRow {
  payload: Record<string, unknown>;
  consumed_at: Date | null;
}

const stored = (row: ArtefactRow | undefined): StoredArtefact | undefined =>
  row && { payload: row.payload, consumedAt: row.consumed_at ?? undefined };

/** An artefact with its place, as the batch writer collects it. */
export interface PlacedArtefact {
  readonly model: string;
  readonly id: string;
  readonly artefact: Artefact;
}

/** What the second use of a code or refresh token means. */
export interface Replay {
  readonly grantId: string | undefined;
  /** Probably a client that lost the answer: it is refused all the same, and nothing is revoked. */
  readonly retry: boolean;
}

export interface SqlStore extends ArtefactStore {
  /** Stores new artefacts in one statement. */
  putMany(artefacts: readonly PlacedArtefact[]): Promise<void>;
  /**
   * Keeps an artefact for the caller's transaction alone, which waits for those that have a share of it.
   *
   * @returns false when it is gone
   */
  lock(model: string, id: string): Promise<boolean>;
  /** Destroys everything of some models that came from a grant. */
  revokeSome(grantId: string, models: readonly string[]): Promise<void>;
  /** Deletes some of everything. @param most how many @returns how many it were */
  clear(most: number): Promise<number>;
  /**
   * Judges the second use of something.
   *
   * The rule for refresh tokens that are replaced at each use (`keepsRefreshToken` in `lifetimes.ts` says whose are not): a
   * used one is always refused (`invalid_grant`). The second use is a *retry*, after which nothing is revoked, where all of
   * this holds: the token is the direct predecessor of one that nobody has used yet, and it was used less than
   * `lifetimes.refreshRetry` seconds ago, both by the clock of this node against the time that the using node wrote and by
   * the database's clock against the time that the database wrote.
   * Whatever else is used a second time, every code among it, is a *replay*, after which the whole family ends. This
   * statement decides between the two; `exchangedAdapter` in `models.ts` does what follows from it (docs/adr/0006;
   * RFC 9700 section 4.14.2).
   *
   * @returns undefined when it was not used before, or is gone
   */
  replay(model: string, id: string): Promise<Replay | undefined>;
}

/** The values of a row, in the order of the statements above. */
function rowOf(model: string, id: string, artefact: Artefact): unknown[] {
  return [
    model,
    id,
    JSON.stringify(artefact.payload),
    artefact.grantId ?? null,
    artefact.uid ?? null,
    artefact.userCode ?? null,
    artefact.accountId ?? null,
    artefact.clientId ?? null,
    artefact.expiresAt ?? null,
  ];
}

/** Artefacts in PostgreSQL or the embedded database. */
export function createSqlStore(options: { db: Database; clock: Clock }): SqlStore {
  const { db, clock } = options;
  const one = async (statement: Statement, model: string, key: string) =>
    stored((await db.query<ArtefactRow>(statement, [model, key, clock.now()]))[0]);
  return {
    async put(model, id, artefact) {
      const row = rowOf(model, id, artefact);
      if (artefact.predecessor !== undefined)
        await db.query(statements.addSuccessor, [...row, artefact.predecessor]);
      else if (model !== 'Session') await db.query(statements.put, row);
      else if ((await db.query(statements.addSession, row)).length === 0)
        await db.query(statements.replaceByUid, row);
    },
    async putAgain(model, id, artefact) {
      return (await db.query(statements.putAgain, rowOf(model, id, artefact))).length === 1;
    },
    async replace(model, id, artefact, found) {
      const asFound = found && mergeSession(found, artefact.payload, found);
      if (asFound !== undefined) {
        const row = rowOf(model, id, { ...artefact, payload: asFound });
        const replaced = await db.query(statements.replaceFound, [...row, JSON.stringify(found)]);
        if (replaced.length === 1) return true;
      }
      return db.transaction(async () => {
        const [kept] = await db.query<ArtefactRow>(statements.lockByUid, [model, artefact.uid ?? null]);
        if (kept === undefined) return false;
        const payload = mergeSession(kept.payload, artefact.payload, found);
        if (payload !== undefined)
          await db.query(statements.replaceByUid, rowOf(model, id, { ...artefact, payload }));
        return true;
      });
    },
    async destroyByUid(model, uid) {
      return (await db.query<ArtefactRow>(statements.destroyByUid, [model, uid]))[0]?.payload;
    },
    async putMany(artefacts) {
      const rows = artefacts.map(({ model, id, artefact }) => ({
        model,
        id,
        payload: artefact.payload,
        grant_id: artefact.grantId,
        uid: artefact.uid,
        user_code: artefact.userCode,
        account_id: artefact.accountId,
        client_id: artefact.clientId,
        expires_at: artefact.expiresAt,
      }));
      await db.query(statements.putMany, [JSON.stringify(rows)]);
    },
    find: (model, id) =>
      one(model === 'Grant' && db.inTransaction() ? statements.findLocked : statements.find, model, id),
    async findSome(places) {
      const rows = await db.query<ArtefactRow & { model: string; id: string }>(statements.findSome, [
        places.map(({ model }) => model),
        places.map(({ id }) => id),
        clock.now(),
      ]);
      return places.map((place) =>
        stored(rows.find(({ model, id }) => model === place.model && id === place.id)),
      );
    },
    async replay(model, id) {
      const since = new Date(clock.now().getTime() - lifetimes.refreshRetry * 1000);
      const [row] = await db.query<{ grant_id: string | null; retry: boolean }>(statements.replay, [
        model,
        id,
        since,
        lifetimes.refreshRetry,
      ]);
      return row && { grantId: row.grant_id ?? undefined, retry: row.retry };
    },
    findByUid: (model, uid) => one(statements.findByUid, model, uid),
    findByUserCode: (model, userCode) => one(statements.findByUserCode, model, userCode),
    async consume(model, id) {
      return (await db.query(statements.consume, [model, id, clock.now()])).length === 1;
    },
    async destroy(model, id) {
      return (await db.query(statements.destroy, [model, id])).length === 1;
    },
    async lock(model, id) {
      return (await db.query(statements.lock, [model, id])).length === 1;
    },
    async revokeSome(grantId, models) {
      await db.query(statements.revokeSome, [grantId, models]);
    },
    clear: async (most) => (await db.query(statements.clear, [most])).length,
    async revokeByGrantId(grantId) {
      await db.query(statements.revoke, [grantId]);
    },
  };
}
