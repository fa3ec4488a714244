import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import { plainCode, randomCode } from './typed-code.ts';

const statements = {
  // For everybody the same statement. Its share lock waits for whoever is putting the account out of use, who ends the links that
  // are there by then.
  create: {
    name: 'one_time_links_create',
    text: `INSERT INTO one_time_links (id, kind, account_id, data, created_at, expires_at)
           SELECT $1::text, $2::text, $3::text, $4::jsonb, $5::timestamptz, $6::timestamptz
           WHERE $3::text IS NULL OR EXISTS (SELECT FROM accounts WHERE id = $3 AND disabled_at IS NULL FOR SHARE)
           ON CONFLICT (account_id, kind) DO UPDATE SET id = excluded.id, data = excluded.data,
             created_at = excluded.created_at, expires_at = excluded.expires_at
           WHERE $7::boolean OR NOT coalesce((one_time_links.data->>'kept')::boolean, false) OR one_time_links.expires_at <= $5
           RETURNING id`,
  },
  peek: {
    name: 'one_time_links_peek',
    text: `SELECT id, account_id, data, expires_at FROM one_time_links WHERE id = $1 AND kind = $2 AND expires_at > $3`,
  },
  use: {
    name: 'one_time_links_use',
    text: `DELETE FROM one_time_links WHERE id = $1 AND kind = $2 AND expires_at > $3
           RETURNING id, account_id, data, expires_at`,
  },
  end: {
    name: 'one_time_links_end',
    text: 'DELETE FROM one_time_links WHERE account_id = $1',
  },
} satisfies Record<string, Statement>;

/** What a link is for. */
export type LinkKind = 'invitation' | 'address' | 'reset';

/** What is kept of a link. */
export interface Link {
  /** SHA-256 of its token; opens nothing. */
  readonly id: string;
  /** Undefined of one for somebody who has no account yet. */
  readonly accountId: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
  readonly expiresAt: Date;
}

/** Links and codes that open something once. Their tokens are not kept, only their SHA-256. */
export interface Links {
  /**
   * Makes a link for somebody who has no account yet.
   *
   * @param seconds how long it is good
   * @returns its token, 130 random bits in letters and digits that can be typed
   */
  create(kind: LinkKind, data: Readonly<Record<string, unknown>>, seconds: number): Promise<string>;
  /**
   * The same for an account; one of the same kind for it is over, unless it is `kept` in its data and this one is not: what anybody
   * can ask for does not end what was made for her.
   *
   * @returns undefined where the account cannot be used, or has one that is kept
   */
  createFor(
    accountId: string,
    kind: LinkKind,
    data: Readonly<Record<string, unknown>>,
    seconds: number,
  ): Promise<string | undefined>;
  /** Looks at a link, which stays open: mail programs open what they are sent. Undefined where there is none. */
  peek(kind: LinkKind, token: string): Promise<Link | undefined>;
  /** Uses a link up; undefined where there is none, and for all but one of those who use it at once. */
  use(kind: LinkKind, token: string): Promise<Link | undefined>;
  /** As `peek`, of a link whose `id` is known. */
  peekById(kind: LinkKind, id: string): Promise<Link | undefined>;
  /** As `use`, of a link whose `id` is known. */
  useById(kind: LinkKind, id: string): Promise<Link | undefined>;
  /** Ends all links of an account. */
  endOf(accountId: string): Promise<void>;
}

/** 26 characters of five bits. */
const GROUPS = [5, 5, 5, 5, 6] as const;

const digest = (token: string) => createHash('sha256').update(plainCode(token)).digest('base64url');

interface LinkRow {
  readonly id: string;
  readonly account_id: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  readonly expires_at: Date;
}

const asLink = (row: LinkRow | undefined): Link | undefined =>
  row && { id: row.id, accountId: row.account_id ?? undefined, data: row.data, expiresAt: row.expires_at };

/** One-time links in the database. */
export function createLinks({ db, clock }: { db: Database; clock: Clock }): Links {
  const useById: Links['useById'] = async (kind, id) =>
    asLink((await db.query<LinkRow>(statements.use, [id, kind, clock.now()]))[0]);
  const peekById: Links['peekById'] = async (kind, id) =>
    asLink((await db.query<LinkRow>(statements.peek, [id, kind, clock.now()]))[0]);

  async function createFor(
    accountId: string | null,
    kind: LinkKind,
    data: Readonly<Record<string, unknown>>,
    seconds: number,
  ): Promise<string | undefined> {
    const token = randomCode(GROUPS);
    const now = clock.now();
    const expiresAt = new Date(now.getTime() + seconds * 1000);
    const values = [digest(token), kind, accountId, JSON.stringify(data), now, expiresAt, data.kept === true];
    return (await db.query(statements.create, values)).length === 1 ? token : undefined;
  }

  return {
    async create(...link) {
      const token = await createFor(null, ...link);
      if (token === undefined) throw new Error('a link for nobody was not made');
      return token;
    },
    createFor,
    peek: (kind, token) => peekById(kind, digest(token)),
    peekById,
    use: (kind, token) => useById(kind, digest(token)),
    useById,
    async endOf(accountId) {
      await db.query(statements.end, [accountId]);
    },
  };
}
