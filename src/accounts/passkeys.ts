import { createHash } from 'node:crypto';
import type {
  AuthenticatorTransport,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import type { Account } from './account.ts';
import { type AccountRow, accountColumns, asAccount } from './accounts.ts';
import { methods } from './assurance.ts';
import type { RecordChange } from './credential-change.ts';
import type { EndHalfDone, HoldAccount } from './half-done.ts';
import { asPasskeyName, MOST_PASSKEYS, type Passkey } from './passkey.ts';
import { readNewPasskey, readPasskey } from './passkey-response.ts';
import { anotherWayIn } from './ways-in.ts';
import type { Webauthn } from './webauthn.ts';

const statements = {
  list: {
    name: 'passkeys_list',
    text: `SELECT id, name, synced, transports, created_at, last_used_at FROM passkeys
           WHERE account_id = $1 ORDER BY created_at, id`,
  },
  signInName: {
    name: 'passkeys_sign_in_name',
    text: 'SELECT value FROM account_identifiers WHERE account_id = $1 ORDER BY value LIMIT 1',
  },
  find: {
    name: 'passkeys_find',
    text: `SELECT ${accountColumns}, p.public_key FROM passkeys p JOIN accounts a ON a.id = p.account_id
           WHERE p.id = $1 AND a.disabled_at IS NULL`,
  },
  challengeUsed: {
    name: 'passkeys_challenge_used',
    text: 'INSERT INTO replay_guards (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING RETURNING id',
  },
  // Where neither side counts, both are 0; otherwise the count must grow (WebAuthn Level 3 section 7.2).
  used: {
    name: 'passkeys_used',
    text: `UPDATE passkeys SET counter = $2, synced = $3, last_used_at = $4
           WHERE id = $1 AND (counter < $2 OR (counter = 0 AND $2 = 0)) RETURNING id`,
  },
  add: {
    name: 'passkeys_add',
    text: `INSERT INTO passkeys (id, account_id, public_key, counter, transports, synced, name, created_at)
           SELECT $1, $2, $3, $4, $5, $6, $7, $8
           WHERE (SELECT count(*) FROM passkeys WHERE account_id = $2) < ${MOST_PASSKEYS}
           ON CONFLICT (id) DO NOTHING RETURNING id`,
  },
  rename: {
    name: 'passkeys_rename',
    text: 'UPDATE passkeys SET name = $3 WHERE id = $2 AND account_id = $1 RETURNING id',
  },
  remove: {
    name: 'passkeys_remove',
    text: `DELETE FROM passkeys WHERE account_id = $1 AND id = $2 AND ${anotherWayIn('passkey')} RETURNING id`,
  },
} satisfies Record<string, Statement>;

/** Somebody proved that a passkey is hers. */
export interface PasskeySignIn {
  readonly account: Account;
  /** `amr` (RFC 8176). */
  readonly methods: readonly string[];
}

/**
 * Why nothing was changed. `refused`: not an answer to our challenge on this page, or not the first, or no such passkey;
 * `name`: no name that a passkey can have; `too-many`: it has as many as it may; `last-way`: nothing else to sign in with
 * would be left; `over`: what she is signed in by counts no more.
 */
export type PasskeyFault = 'refused' | 'name' | 'too-many' | 'last-way' | 'over';

/** The passkeys with which people sign in (WebAuthn Level 3). A `page` is what a form is bound to: a challenge is, too. */
export interface Passkeys {
  /** What a browser needs to make a passkey: for `navigator.credentials.create`. */
  creationOptions(account: Account, page: string): Promise<PublicKeyCredentialCreationOptionsJSON>;
  /**
   * Adds the passkey that a browser has made, with an audit row.
   *
   * @param account as it was found with whoever is signed in
   * @param response RegistrationResponseJSON, as the page's script sent it
   * @returns undefined when it was added
   */
  add(
    account: Account,
    offer: { page: string; response: string; name: string },
  ): Promise<PasskeyFault | undefined>;
  /**
   * What a browser needs to sign somebody in: for `navigator.credentials.get`.
   *
   * @param accountId whose passkey it must be; undefined: she chooses among those of her devices, and types no name
   */
  requestOptions(page: string, accountId: string | undefined): Promise<PublicKeyCredentialRequestOptionsJSON>;
  /**
   * Who signed in. Undefined for any fault: another origin, no user verification, an unknown or removed passkey, a
   * disabled account, a challenge that is over, was used or belongs to another page, a counter that did not grow.
   *
   * @param answer `response`: AuthenticationResponseJSON, as the page's script sent it; `accountId` as for `requestOptions`
   */
  verify(answer: {
    page: string;
    response: string;
    accountId: string | undefined;
  }): Promise<PasskeySignIn | undefined>;
  /** The passkeys of an account, oldest first. */
  list(accountId: string): Promise<readonly Passkey[]>;
  /** Gives a passkey another name. @returns undefined when it has it */
  rename(accountId: string, id: string, name: string): Promise<PasskeyFault | undefined>;
  /** Removes a passkey, with an audit row. @returns undefined when it is gone */
  remove(accountId: string, id: string): Promise<PasskeyFault | undefined>;
}

interface PasskeyRow {
  id: string;
  name: string;
  synced: boolean;
  transports: AuthenticatorTransport[];
  created_at: Date;
  last_used_at: Date | null;
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url');

const asPasskey = (row: PasskeyRow): Passkey => ({
  id: row.id,
  name: row.name,
  synced: row.synced,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at ?? undefined,
});

/** Passkeys in the database. */
export function createPasskeys(options: {
  db: Database;
  clock: Clock;
  audit: Audit;
  webauthn: Webauthn;
  recordChange: RecordChange;
  endHalfDone: EndHalfDone;
  holdAccount: HoldAccount;
}): Passkeys {
  const { db, clock, audit, webauthn, recordChange, endHalfDone, holdAccount } = options;
  const rows = (accountId: string) => db.query<PasskeyRow>(statements.list, [accountId]);

  /** Whether this is the first answer to a challenge. Never undone by what comes after, outside a transaction. */
  async function isFirst({ id, expiresAt }: { id: string; expiresAt: Date }): Promise<boolean> {
    return (await db.query(statements.challengeUsed, [`passkey:${sha256(id)}`, expiresAt])).length === 1;
  }

  return {
    async creationOptions({ id, name }, page) {
      const [known, [identifier]] = [
        await rows(id),
        await db.query<{ value: string }>(statements.signInName, [id]),
      ];
      return webauthn.creationOptions(
        { id, name: identifier?.value ?? name, displayName: name },
        known,
        page,
      );
    },
    async add(account, { page, response, name }) {
      const parsed = readNewPasskey(response);
      const made = parsed && (await webauthn.checkNew(parsed, { page, accountId: account.id }));
      if (made === undefined) return 'refused';
      const called = asPasskeyName(name);
      if (called === undefined) return 'name';
      return db.transaction(async () => {
        // Of passkeys that are added at once, each counts those before it.
        if (!(await holdAccount(account))) return 'over';
        if (!(await isFirst(made.challenge))) return 'refused';
        const { id, publicKey, counter, transports, synced } = made;
        const values = [id, account.id, publicKey, counter, JSON.stringify(transports), synced, called];
        const added = await db.query(statements.add, [...values, clock.now()]);
        if (added.length === 0)
          return (await rows(account.id)).length >= MOST_PASSKEYS ? 'too-many' : 'refused';
        await recordChange(account.id, 'passkey-added', { synced });
        return undefined;
      });
    },
    async requestOptions(page, accountId) {
      const allow = accountId === undefined ? [] : await rows(accountId);
      return webauthn.requestOptions({ page, accountId }, allow);
    },
    async verify({ page, response, accountId }) {
      const parsed = readPasskey(response);
      if (parsed === undefined) return undefined;
      const [row] = await db.query<AccountRow & { public_key: string }>(statements.find, [parsed.id]);
      if (row === undefined || (accountId !== undefined && row.id !== accountId)) return undefined;
      const known = { id: parsed.id, publicKey: row.public_key, accountId: row.id };
      const proved = await webauthn.check(parsed, { page, accountId }, known);
      if (proved === undefined || !(await isFirst(proved.challenge))) return undefined;
      const { counter, synced } = proved;
      const used = await db.query(statements.used, [parsed.id, counter, synced, clock.now()]);
      if (used.length === 0) {
        // Somebody has its private key, but the count says that there are two of it, or it was removed just now.
        await audit.record({ type: 'account.passkey-refused', subject: row.id, detail: { counter } });
        return undefined;
      }
      return { account: asAccount(row), methods: synced ? methods.syncedPasskey : methods.devicePasskey };
    },
    list: async (accountId) => (await rows(accountId)).map(asPasskey),
    async rename(accountId, id, name) {
      const called = asPasskeyName(name);
      if (called === undefined) return 'name';
      const renamed = await db.query(statements.rename, [accountId, id, called]);
      return renamed.length === 1 ? undefined : 'refused';
    },
    remove: (accountId, id) =>
      db.transaction(async () => {
        // Of the last two ways in, taken out at once, one stays.
        await endHalfDone(accountId);
        const removed = await db.query(statements.remove, [accountId, id]);
        if (removed.length === 0)
          return (await rows(accountId)).some((one) => one.id === id) ? 'last-way' : 'refused';
        await recordChange(accountId, 'passkey-removed');
        return undefined;
      }),
  };
}
