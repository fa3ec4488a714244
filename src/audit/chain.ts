import { createHmac } from 'node:crypto';

/** Columns of an audit row that its hash covers, in the order of the canonical text. */
const members = [
  'id',
  'at',
  'type',
  'client_id',
  'organization',
  'api_id',
  'grant_type',
  'scope',
  'subject',
  'token_id',
  'error',
  'source',
  'detail',
  'correlation_id',
] as const;

/** An audit row as the chain sees it: every column as the exact text that `chainColumns` reads. */
export type ChainRow = Readonly<Record<(typeof members)[number], string | null>>;

/**
 * Reads a `ChainRow` from `audit_events e`. The time is seconds since 1970 with six decimals: other forms depend on settings
 * of the session or leave out the era. `detail` is the text of jsonb, which has its members sorted at every depth and every
 * number exactly as it is kept, where a double would make two numbers one. `written` is not in it: it says when the sealer has
 * to look, not what happened.
 */
export const chainColumns = members
  .map((member) => {
    if (member === 'at') return 'extract(epoch FROM e.at)::text AS at';
    return member === 'detail' ? 'e.detail::text AS detail' : `e.${member}`;
  })
  .join(', ');

/**
 * The one text of a row that its hash covers. A column without a value is left out: one that a later version adds then
 * changes no hash of before.
 */
export function canonical(row: ChainRow): string {
  const present: Partial<Record<keyof ChainRow, string>> = {};
  for (const member of members) {
    const value = row[member];
    if (value !== null) present[member] = value;
  }
  return JSON.stringify(present);
}

/** A place in the chain: its number, from 1 without gaps, and the hash of the link before it. */
export interface Place {
  readonly seq: number;
  /** Empty for the first link. */
  readonly previous: string;
}

/** The end of the chain: number and hash of its last link; number 0 and no hash while there is none. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** What the hashes of a chain are made with. */
export type ChainKey = string | Buffer;

/**
 * The hash with which a row stands at a place: HMAC-SHA-256 (RFC 2104), base64url. Number, hash before it and row are an
 * array of JSON, so no two of them run into one another.
 */
export function link(key: ChainKey, { seq, previous }: Place, row: ChainRow): string {
  const text = JSON.stringify([seq, previous, canonical(row)]);
  return createHmac('sha256', key).update(text).digest('base64url');
}
