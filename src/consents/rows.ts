import type { Statement } from '../db/index.ts';
import type { ConsentLine } from './lines.ts';

/** Whose decision about which application, at which API, for whose record. */
export interface ConsentKey {
  readonly accountId: string;
  readonly clientId: string;
  /** Undefined where the application only wants to know who signed in. */
  readonly apiId: string | undefined;
  /** Logical id of the FHIR Patient; undefined where no record is opened. */
  readonly patient: string | undefined;
  /** Id of the practitioner's role in which it was made; undefined for somebody who asks for herself. */
  readonly role: string | undefined;
  /** `reason_for_request`; undefined at an API whose tokens have none. */
  readonly reason: string | undefined;
}

/** A decision that holds. */
export interface Consent extends ConsentKey {
  readonly id: string;
  readonly lines: readonly ConsentLine[];
  /** How many decisions there were about the same, this one included. */
  readonly version: number;
  readonly expiresAt: Date;
}

/** The columns of `consents` that make a `Consent`. */
export const columns =
  'c.id, c.account_id, c.client_id, c.api_id, c.patient, c.role, c.reason, c.lines, c.version, c.expires_at';

/** What a decision is kept under, as the parameters $1 to $6. */
export const key = `c.account_id = $1 AND c.client_id = $2 AND coalesce(c.api_id, '') = coalesce($3, '')
  AND coalesce(c.patient, '') = coalesce($4, '') AND coalesce(c.role, '') = coalesce($5, '')
  AND coalesce(c.reason, '') = coalesce($6, '')`;

export interface ConsentRow {
  id: string;
  account_id: string;
  client_id: string;
  api_id: string | null;
  patient: string | null;
  role: string | null;
  reason: string | null;
  lines: ConsentLine[];
  version: number;
  expires_at: Date;
}

/** A row as the rest of the program knows it. */
export const asConsent = (row: ConsentRow): Consent => ({
  id: row.id,
  accountId: row.account_id,
  clientId: row.client_id,
  apiId: row.api_id ?? undefined,
  patient: row.patient ?? undefined,
  role: row.role ?? undefined,
  reason: row.reason ?? undefined,
  lines: row.lines,
  version: row.version,
  expiresAt: row.expires_at,
});

/** Whether a decision is about exactly this. */
export const isUnder = (consent: Consent, key: ConsentKey): boolean =>
  (['accountId', 'clientId', 'apiId', 'patient', 'role', 'reason'] as const).every(
    (name) => consent[name] === key[name],
  );

/** The account's row, where it is live: the lock under which a person's decisions change, one after the other. @param id parameter */
export const lockedAccount = (id: string) =>
  `SELECT id FROM accounts WHERE id = ${id} AND disabled_at IS NULL FOR UPDATE`;

/** Statements that several files of this room need. */
export const shared = {
  moveGrants: {
    name: 'grants_move',
    text: 'UPDATE grants SET consent_id = $2 WHERE consent_id = $1 AND ended_at IS NULL',
  },
  liveGrants: {
    name: 'grants_live',
    text: 'SELECT grant_id FROM grants WHERE consent_id = $1 AND ended_at IS NULL ORDER BY grant_id',
  },
} satisfies Record<string, Statement>;
