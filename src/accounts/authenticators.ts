import { Secret, TOTP } from 'otpauth';
import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import { hasCode } from '../errors.ts';
import type { Seal } from '../keys/index.ts';
import type { Signed } from './account.ts';
import type { RecordChange } from './credential-change.ts';
import type { EndHalfDone, HoldAccount } from './half-done.ts';

const statements = {
  find: {
    name: 'authenticators_find',
    text: 'SELECT secret, always, created_at FROM authenticators WHERE account_id = $1',
  },
  take: {
    name: 'authenticators_take',
    text: 'UPDATE authenticators SET last_step = $2 WHERE account_id = $1 AND last_step < $2 RETURNING account_id',
  },
  add: {
    name: 'authenticators_add',
    text: `INSERT INTO authenticators (account_id, secret, always, last_step, created_at)
           SELECT id, $2, true, $3, $4 FROM accounts WHERE id = $1 AND disabled_at IS NULL
           ON CONFLICT (account_id) DO NOTHING RETURNING account_id`,
  },
  put: {
    name: 'authenticators_put',
    text: `INSERT INTO authenticators (account_id, secret, always, created_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, always = excluded.always`,
  },
  setAlways: {
    name: 'authenticators_set_always',
    text: `UPDATE authenticators SET always = $2 WHERE account_id = $1 AND always <> $2 RETURNING account_id`,
  },
  // They stand in for the app's code, and for nothing else.
  dropRecoveryCodes: {
    name: 'authenticators_drop_recovery_codes',
    text: 'DELETE FROM recovery_codes WHERE account_id = $1',
  },
  remove: {
    name: 'authenticators_remove',
    text: 'DELETE FROM authenticators WHERE account_id = $1 RETURNING account_id',
  },
} satisfies Record<string, Statement>;

/** Seconds that a code is shown for (RFC 6238 section 4.1). */
const STEP = 30;

/** Steps before and after the one now whose codes are taken as well: clocks of telephones differ (RFC 6238 section 5.2). */
const WINDOW = 1;

/** Bytes of a seed (RFC 4226 section 4, R6). */
const SEED_BYTES = 20;

/** Seconds in which an app that was begun with has to be confirmed. */
const SETUP_LIFE = 900;

/** What somebody's authenticator app is asked for. */
export interface Authenticator {
  /** Whether its code is asked for at each sign-in with the password, or only where an application needs it. */
  readonly always: boolean;
  readonly createdAt: Date;
}

/** An app that is being set up. */
export interface AuthenticatorSetup {
  /** The key in base32, to be typed. */
  readonly key: string;
  /** The same as an address that apps read (`otpauth:`), for a QR code. */
  readonly uri: string;
  /** Seed, account and time, encrypted: the form carries it until a code confirms it. Nothing is stored before. */
  readonly sealed: string;
}

/**
 * `code`: not its code now, or used before; `expired`: begun too long ago, or elsewhere; `exists`: there is one already; `over`: what
 * she is signed in by counts no more.
 */
export type AuthenticatorFault = 'code' | 'expired' | 'exists' | 'over';

/** The authenticator apps of people (RFC 6238: SHA-1, 6 digits, 30 seconds, as all apps understand it). */
export interface Authenticators {
  find(accountId: string): Promise<Authenticator | undefined>;
  /** Whether this is a code that the app of the account shows now; each is good once. */
  verify(accountId: string, code: string): Promise<boolean>;
  /** Begins with a new app. @param name what the app is to call the account */
  begin(accountId: string, name: string): AuthenticatorSetup;
  /** The same app again, for a page that is shown once more; undefined when it was begun too long ago, or elsewhere. */
  resume(accountId: string, name: string, sealed: string): AuthenticatorSetup | undefined;
  /**
   * Keeps an app once its first code was typed, with an audit row; from then on it is asked for always.
   *
   * @param account as it was found with whoever is signed in
   */
  confirm(account: Signed, sealed: string, code: string): Promise<AuthenticatorFault | undefined>;
  /** Sets when it is asked for, with an audit row. */
  setAlways(accountId: string, always: boolean): Promise<void>;
  /** Removes it and the recovery codes, with an audit row. @returns whether there was one */
  remove(accountId: string): Promise<boolean>;
  /** Gives an account an app with this key, in base32; for the demo world. */
  put(accountId: string, key: string, options: { always: boolean }): Promise<void>;
}

/** The code as it was typed, without the gap that apps show in it. */
const asCode = (typed: string) => typed.normalize('NFKC').replaceAll(/\s/g, '');

/** The time step whose code this is; undefined for none. */
function stepOf(code: string, key: string, seconds: number): number | undefined {
  const token = asCode(code);
  if (!/^[0-9]{6}$/.test(token)) return undefined;
  const secret = Secret.fromBase32(key);
  const delta = TOTP.validate({ token, secret, timestamp: seconds * 1000, period: STEP, window: WINDOW });
  return delta === null ? undefined : Math.floor(seconds / STEP) + delta;
}

/**
 * Authenticator apps in the database.
 *
 * @param seal encrypts seeds, at rest and in forms
 * @param service what apps call us
 */
export function createAuthenticators(options: {
  db: Database;
  clock: Clock;
  seal: Seal;
  service: string;
  recordChange: RecordChange;
  endHalfDone: EndHalfDone;
  holdAccount: HoldAccount;
}): Authenticators {
  const { db, clock, seal, service, recordChange, endHalfDone, holdAccount } = options;
  const kept = (accountId: string) => `authenticator ${accountId}`;
  const begun = (accountId: string) => `authenticator begun by ${accountId}`;

  function setup(accountId: string, name: string, key: string, until: number): AuthenticatorSetup {
    const totp = new TOTP({ issuer: service, label: name, secret: Secret.fromBase32(key) });
    return {
      key,
      uri: totp.toString(),
      sealed: seal.seal(begun(accountId), JSON.stringify({ key, until })),
    };
  }

  function open(accountId: string, sealed: string): { key: string; until: number } | undefined {
    try {
      const found: { key: string; until: number } = JSON.parse(seal.open(begun(accountId), sealed));
      return found.until > clock.seconds() ? found : undefined;
    } catch (error) {
      if (hasCode(error, 'wrong_master_key')) return undefined;
      throw error;
    }
  }

  return {
    async find(accountId) {
      const [row] = await db.query<{ always: boolean; created_at: Date }>(statements.find, [accountId]);
      return row && { always: row.always, createdAt: row.created_at };
    },
    async verify(accountId, code) {
      const [row] = await db.query<{ secret: string }>(statements.find, [accountId]);
      if (row === undefined) return false;
      const step = stepOf(code, seal.open(kept(accountId), row.secret), clock.seconds());
      return step !== undefined && (await db.query(statements.take, [accountId, step])).length === 1;
    },
    begin: (accountId, name) =>
      setup(accountId, name, new Secret({ size: SEED_BYTES }).base32, clock.seconds() + SETUP_LIFE),
    resume(accountId, name, sealed) {
      const found = open(accountId, sealed);
      return found && setup(accountId, name, found.key, found.until);
    },
    async confirm(account, sealed, code) {
      const { id: accountId } = account;
      const found = open(accountId, sealed);
      if (found === undefined) return 'expired';
      const step = stepOf(code, found.key, clock.seconds());
      if (step === undefined) return 'code';
      return db.transaction(async () => {
        if (!(await holdAccount(account))) return 'over';
        const secret = seal.seal(kept(accountId), found.key);
        const added = await db.query(statements.add, [accountId, secret, step, clock.now()]);
        if (added.length === 0) return 'exists';
        await recordChange(accountId, 'authenticator-added');
        return undefined;
      });
    },
    setAlways: (accountId, always) =>
      db.transaction(async () => {
        const set = await db.query(statements.setAlways, [accountId, always]);
        if (set.length > 0) await recordChange(accountId, 'authenticator-changed', { always });
      }),
    remove: (accountId) =>
      db.transaction(async () => {
        await endHalfDone(accountId);
        const removed = await db.query(statements.remove, [accountId]);
        if (removed.length === 0) return false;
        await db.query(statements.dropRecoveryCodes, [accountId]);
        await recordChange(accountId, 'authenticator-removed');
        return true;
      }),
    async put(accountId, key, { always }) {
      await db.query(statements.put, [accountId, seal.seal(kept(accountId), key), always, clock.now()]);
    },
  };
}
