import type { Clock } from '../../clock.ts';
import type { Database, Statement } from '../../db/index.ts';
import { lifetimes } from '../lifetimes.ts';
import { mergeSession } from './session.ts';
import { statements } from './sql-statements.ts';
import type { Artefact, ArtefactStore, StoredArtefact } from './store.ts';

interface ArtefactRow {
  payload: Record<string, unknown>;
  consumed_at: Date | null;
}

const stored = (row: ArtefactRow | undefined): StoredArtefact | undefined =>
  row && { payload: row.payload, consumedAt: row.consumed_at ?? undefined };

/** The decision from which a grant was to be made has ended, or the sign-in has. */
export class ConsentEnded extends Error {}

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
      const { predecessor, grantedBy } = artefact;
      if (predecessor !== undefined) await db.query(statements.addSuccessor, [...row, predecessor]);
      else if (grantedBy !== undefined) {
        const { consentId, proofVersion } = grantedBy;
        const values = [...row, consentId, proofVersion, clock.now()];
        if ((await db.query(statements.addGrant, values)).length === 0) throw new ConsentEnded();
      } else if (model !== 'Session') await db.query(statements.put, row);
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
    async prolong(model, id, expiresAt) {
      const exp = Math.floor(expiresAt.getTime() / 1000);
      return (await db.query(statements.prolong, [model, id, clock.now(), expiresAt, exp])).length === 1;
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
