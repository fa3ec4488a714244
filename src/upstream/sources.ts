import type { JWK } from 'jose';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import { createCache, type Database, isConflict, type Statement } from '../db/index.ts';
import { Refused } from '../errors.ts';
import type { Seal } from '../keys/index.ts';
import { type SourceSettings, sourceSchema } from './settings.ts';
import { createSourceKey, type SourceKey } from './source-key.ts';

/** An OpenID provider at which people may sign in instead of here. */
export interface Source {
  readonly settings: SourceSettings;
  readonly publicJwk: JWK;
  /** The private half of the key, encrypted. */
  readonly sealedKey: string;
  readonly updatedAt: Date;
}

const columns = 'id, issuer, settings, public_jwk, private_key, updated_at';

const statements = {
  all: { name: 'identity_sources_all', text: `SELECT ${columns} FROM identity_sources ORDER BY id` },
  put: {
    name: 'identity_sources_put',
    text: `INSERT INTO identity_sources (id, issuer, settings, public_jwk, private_key, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $6)
           ON CONFLICT (id) DO UPDATE SET issuer = excluded.issuer, settings = excluded.settings,
             public_jwk = excluded.public_jwk, private_key = excluded.private_key, updated_at = excluded.updated_at
           RETURNING (xmax = 0) AS created`,
  },
  remove: {
    name: 'identity_sources_remove',
    text: 'DELETE FROM identity_sources WHERE id = $1 RETURNING id',
  },
} satisfies Record<string, Statement>;

interface SourceRow {
  id: string;
  issuer: string;
  settings: unknown;
  public_jwk: JWK;
  private_key: string;
  updated_at: Date;
}

const asSource = (row: SourceRow): Source => ({
  settings: sourceSchema.parse(row.settings),
  publicJwk: row.public_jwk,
  sealedKey: row.private_key,
  updatedAt: row.updated_at,
});

/** What became of one source of a file. */
export interface PutSource {
  readonly id: string;
  readonly created: boolean;
  readonly publicJwk: JWK;
  /** Whether the provider has to be told of another key. */
  readonly newKey: boolean;
}

/** Where identity sources are kept. */
export interface Sources {
  all(): Promise<readonly Source[]>;
  /** As `all`, as of at most ten seconds ago: for pages. */
  offered(): Promise<readonly Source[]>;
  /**
   * Creates or replaces sources, all or none, with an audit row each. A source keeps its key as long as the algorithm stays.
   *
   * @throws Refused when an issuer belongs to another source
   */
  put(settings: readonly SourceSettings[]): Promise<readonly PutSource[]>;
  /** Takes a source out, with an audit row. Whom it links to stays, and counts again should it come back. */
  remove(id: string): Promise<boolean>;
}

/** For how long a page may offer what there was, in milliseconds. */
const FRESH = 10_000;

/** The identity sources in the database. */
export function createSources(options: { db: Database; clock: Clock; audit: Audit; seal: Seal }): Sources {
  const { db, clock, audit, seal } = options;
  const all: Sources['all'] = async () => (await db.query<SourceRow>(statements.all)).map(asSource);
  const recent = createCache({ clock, max: 1, load: all, fresh: FRESH });

  /** The key that a source has already, or a new one. */
  async function keyFor(
    { id, key_alg: alg }: SourceSettings,
    present: readonly Source[],
  ): Promise<SourceKey & { newKey: boolean }> {
    const before = present.find(({ settings }) => settings.id === id);
    if (before?.publicJwk.alg === alg)
      return { publicJwk: before.publicJwk, sealed: before.sealedKey, newKey: false };
    return { ...(await createSourceKey(seal, id, alg)), newKey: true };
  }

  async function put(settings: SourceSettings, key: SourceKey & { newKey: boolean }): Promise<PutSource> {
    const { id, issuer } = settings;
    const { publicJwk, sealed, newKey } = key;
    const values = [id, issuer, JSON.stringify(settings), JSON.stringify(publicJwk), sealed, clock.now()];
    const [row] = await db.query<{ created: boolean }>(statements.put, values);
    const created = row?.created === true;
    const detail = { source: id, issuer, kid: publicJwk.kid };
    await audit.record({ type: created ? 'source.created' : 'source.updated', detail });
    return { id, created, publicJwk, newKey };
  }

  return {
    all,
    offered: () => recent.get(''),
    async put(given) {
      const present = await all();
      const keys = await Promise.all(given.map((settings) => keyFor(settings, present)));
      const work = db.transaction(async () => {
        const done: PutSource[] = [];
        for (const [index, settings] of given.entries()) {
          const key = keys[index];
          if (key !== undefined) done.push(await put(settings, key));
        }
        return done;
      });
      const done = await work.catch((error: unknown) => {
        if (!isConflict(error)) throw error;
        throw new Refused('Nothing was imported:', ['an issuer belongs to another source already']);
      });
      recent.clear();
      return done;
    },
    remove: (id) =>
      db.transaction(async () => {
        const [row] = await db.query(statements.remove, [id]);
        if (row === undefined) return false;
        await audit.record({ type: 'source.removed', detail: { source: id } });
        recent.clear();
        return true;
      }),
  };
}
