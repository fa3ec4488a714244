import type { Logger } from 'pino';
import type { Account, Accounts } from '../../accounts/index.ts';
import type { Audit } from '../../audit/index.ts';
import { CLOCK_SKEW } from '../../clock.ts';
import type { Consents } from '../../consents/index.ts';
import type { Database } from '../../db/index.ts';
import { hasCode } from '../../errors.ts';
import type { BrowserSession, BrowserSessions } from '../../sessions/index.ts';
import type { EndGrants } from '../grants/end-grants.ts';
import type { TellEnded } from '../grants/tell-ended.ts';
import {
  type ArtefactStore,
  grantsEndingWith,
  grantsIn,
  type KnownSession,
  sidsIn,
} from '../storage/index.ts';
import type { EndSession } from './end-session.ts';

type Payload = Readonly<Record<string, unknown>>;

/** Whether a session is over because the person signed out everywhere since it began, wherever it may still be kept. */
export type IsOver = (
  session: { readonly uid: string; readonly loginTs?: number | undefined },
  account: Account,
) => Promise<boolean>;

/** In which browsers people are signed in, and how that ends from elsewhere. */
export interface Sessions {
  /** Hers that live, the latest first. @throws AssentError `redis_unavailable` where sessions cannot be looked at */
  list(accountId: string): Promise<BrowserSession[]>;
  /**
   * Ends one of hers, in whichever browser it is, with what was granted in it for as long as it lasts.
   *
   * @returns false for one of somebody else, or that has ended
   */
  signOut(accountId: string, uid: string, source: string): Promise<boolean>;
  /**
   * Ends all of hers, with what was granted in them for as long as they last.
   *
   * @param except uid of the session that stays, with its grants: the one in which she asks for it
   * @param grants `all`: whatever she was signed in to ends, refresh tokens that outlive a session included. For somebody whose
   *   password others may know. The decisions stay
   * @returns how many sessions they were
   */
  signOutEverywhere(
    accountId: string,
    options: { except?: string | undefined; grants?: 'of-sessions' | 'all'; source: string },
  ): Promise<number>;
  readonly isOver: IsOver;
  /** Her sessions as an application knows them; none where sessions cannot be looked at. */
  sidsOf(accountId: string, clientId: string): Promise<readonly KnownSession[]>;
}

const MODEL = 'Session';

/** How far apart the clocks of two nodes may be, in milliseconds. */
const CLOCKS = 2 * CLOCK_SKEW;

/** Connects the list of browser sessions with the library's own, wherever those are kept. */
export function createSessions(options: {
  db: Database;
  audit: Audit;
  accounts: Accounts;
  consents: Consents;
  browserSessions: BrowserSessions;
  volatile: ArtefactStore;
  endGrants: EndGrants;
  endSession: EndSession;
  tellEnded: TellEnded;
  log: Logger;
}): Sessions {
  const { db, audit, accounts, consents, browserSessions, volatile, endGrants, endSession, tellEnded, log } =
    options;

  /** What a session holds; undefined where it is gone, or holds somebody else by now. */
  async function read(accountId: string, uid: string): Promise<Payload | undefined> {
    const payload = (await volatile.findByUid(MODEL, uid))?.payload;
    return payload?.accountId === accountId ? payload : undefined;
  }

  /** The same, where it must not fail because sessions cannot be looked at. */
  async function tryRead(accountId: string, uid: string): Promise<Payload | undefined> {
    try {
      return await read(accountId, uid);
    } catch (error) {
      if (hasCode(error, 'redis_unavailable')) return undefined;
      throw error;
    }
  }

  /** What ends with a session, in one transaction. */
  const finish = (uid: string, session: Payload) =>
    db.transaction(async () => {
      await endGrants(grantsEndingWith(session).toSorted(), 'signed out');
      await endSession(uid, session);
    });

  /** Takes a session away, and ends what another request added to it until then. */
  async function destroy(accountId: string, uid: string): Promise<void> {
    const last = await volatile.destroyByUid(MODEL, uid);
    if (last?.accountId === accountId) await finish(uid, last);
  }

  /** Takes away what can be reached. The rest is over by `accounts.signed_out_at`. */
  async function tryDestroy(accountId: string, uid: string): Promise<void> {
    try {
      await destroy(accountId, uid);
    } catch (error) {
      if (!hasCode(error, 'redis_unavailable')) throw error;
      log.warn({ err: error }, 'a session that was ended could not be reached, and is not let in');
    }
  }

  async function sessionsOf(accountId: string) {
    const rows = await browserSessions.list(accountId);
    return Promise.all(rows.map(async (row) => ({ row, payload: await tryRead(accountId, row.uid) })));
  }

  return {
    async list(accountId) {
      const rows = await browserSessions.list(accountId);
      const payloads = await Promise.all(rows.map(({ uid }) => read(accountId, uid)));
      return rows.filter((_row, at) => payloads[at] !== undefined);
    },
    async signOut(accountId, uid, source) {
      if ((await browserSessions.find(accountId, uid)) === undefined) return false;
      const session = (await read(accountId, uid)) ?? {};
      const first = await db.transaction(async () => {
        // Of two at once, one has it.
        if (!(await browserSessions.forget(uid))) return false;
        await finish(uid, session);
        await audit.record({
          type: 'person.signed-out',
          subject: accountId,
          source,
          detail: { from: 'elsewhere' },
        });
        return true;
      });
      await destroy(accountId, uid);
      return first;
    },
    async signOutEverywhere(accountId, { except, grants: which = 'of-sessions', source }) {
      const present = except === undefined ? undefined : await tryRead(accountId, except);
      const kept = new Set(present === undefined ? [] : grantsIn(present));
      const others = (await sessionsOf(accountId)).filter(({ row }) => row.uid !== except);
      const uids = await db.transaction(async () => {
        // Her row is the lock under which her decisions change (consents/rows.ts).
        await accounts.signOut(accountId);
        const gone = await browserSessions.forgetAll(accountId, except);
        const all = await consents.grantsOf(accountId);
        const ending = new Set([
          ...all.filter(({ lasting }) => which === 'all' || !lasting).map(({ grantId }) => grantId),
          ...others.flatMap(({ payload = {} }) => grantsEndingWith(payload)),
        ]);
        const ended = [...ending].filter((grantId) => !kept.has(grantId)).toSorted();
        await endGrants(ended, 'signed out');
        for (const { row, payload } of others) if (payload) await endSession(row.uid, payload);
        const known = others.flatMap(({ payload = {} }) => sidsIn(payload));
        // Without a sid an application would end the session that stays, too.
        const staying = new Set(sidsIn(present ?? {}).map(({ clientId }) => clientId));
        const told = all.filter(({ grantId, clientId }) => ended.includes(grantId) && !staying.has(clientId));
        await tellEnded(accountId, told, known);
        await audit.record({
          type: 'person.signed-out',
          subject: accountId,
          source,
          detail: { from: 'everywhere', sessions: gone.length, grants: which },
        });
        return gone;
      });
      for (const uid of uids) await tryDestroy(accountId, uid);
      return uids.length;
    },
    async isOver({ uid, loginTs = 0 }, { id, signedOutAt }) {
      if (signedOutAt === undefined || loginTs * 1000 > signedOutAt.getTime() + CLOCKS) return false;
      // The one in which she asked for it, and those that began since, are in the list.
      return (await browserSessions.find(id, uid)) === undefined;
    },
    async sidsOf(accountId, clientId) {
      const sessions = await sessionsOf(accountId);
      return sessions.flatMap(({ payload = {} }) =>
        sidsIn(payload).filter((one) => one.clientId === clientId),
      );
    },
  };
}
