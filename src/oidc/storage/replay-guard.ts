import { createGroup, type Database, type Statement } from '../../db/index.ts';
import { digest } from './artefact.ts';

const statements = {
  // In one order everywhere, or two groups with the same identifiers could wait for each other.
  // A plain INSERT: of all who offer an identifier, one sees it returned. It is never updated, not even when expired.
  add: {
    name: 'replay_guards_add',
    text: `INSERT INTO replay_guards (id, expires_at)
           SELECT id, expires_at FROM jsonb_to_recordset($1::jsonb) AS offered (id text, expires_at timestamptz)
           ORDER BY id
           ON CONFLICT (id) DO NOTHING RETURNING id`,
  },
} satisfies Record<string, Statement>;

/** What the library calls an identifier (`jti`) of an issuer. */
export const replayId = (issuer: string, jti: string) => digest(`${issuer}${jti}`);

/**
 * What the guard calls a DPoP proof. The library's own name for it may be that of an assertion with the same `jti`, or of
 * what another client sent, whose name and `jti` are together the same text.
 *
 * @param id the library's name
 */
export const proofId = (clientId: string, id: string) => `dpop:${digest(`${clientId} ${id}`)}`;

interface Offer {
  readonly id: string;
  readonly expiresAt: Date;
}

export interface ReplayGuard {
  /** Whether this is the first use of the identifier; false ever after. Durable when it resolves. */
  first(id: string, expiresAt: Date): Promise<boolean>;
}

/**
 * Remembers identifiers that may be used once (`jti` of client assertions and DPoP proofs).
 *
 * Outside a transaction the inserts of many requests go in one statement; they commit before the request goes
 * on, so a crash burns the identifier and never lets it be used twice.
 */
export function createReplayGuard(options: { db: Database }): ReplayGuard {
  const { db } = options;

  async function write(offers: readonly Offer[]): Promise<boolean[]> {
    const rows = offers.map(({ id, expiresAt }) => ({ id, expires_at: expiresAt }));
    const added = await db.query<{ id: string }>(statements.add, [JSON.stringify(rows)]);
    const fresh = new Set(added.map((row) => row.id));
    // Of two equal identifiers in one group the first takes the win out of the set.
    return offers.map(({ id }) => fresh.delete(id));
  }

  const grouped = createGroup({ write, maxItems: 500, maxWaiting: 1000, lanes: 2 });

  return {
    async first(id, expiresAt) {
      const offer = { id, expiresAt };
      if (db.inTransaction()) return (await write([offer]))[0] === true;
      return grouped(offer);
    },
  };
}
