import type { JWK } from 'jose';
import type { Clock } from '../clock.ts';
import { createCache, type Database, type Statement } from '../db/index.ts';
import type { Outgoing } from './fetch.ts';

const statements = {
  find: { name: 'remote_jwks_find', text: 'SELECT body FROM remote_jwks WHERE uri = $1 AND expires_at > $2' },
  put: {
    name: 'remote_jwks_put',
    text: `INSERT INTO remote_jwks (uri, body, fetched_at, expires_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (uri) DO UPDATE SET body = excluded.body, fetched_at = excluded.fetched_at, expires_at = excluded.expires_at`,
  },
} satisfies Record<string, Statement>;

/** How long a copy serves while its source does not answer, in seconds. */
const STALE_LIFE = 24 * 3600;

/** How long an answer serves, in milliseconds: a key that its owner has taken back is refused after this time. */
const FRESH = 60_000;

/** How long a source that failed is left in peace, in milliseconds. */
const PAUSE = 10_000;

/** Largest key set that is read, in characters. */
const LARGEST = 64 * 1024;

export interface RemoteJwks {
  /**
   * The usable keys behind a URI, as of at most a minute ago. When the source does not answer, the last good copy
   * serves for a day, on every node, so that a client's outage is not ours; without a copy there are none.
   */
  keys(uri: string): Promise<readonly JWK[]>;
}

/**
 * Key sets of clients that publish them under a jwks_uri.
 *
 * @param isUsable tells which keys of a set may be used; the others are passed over
 * @param mostKeys keys that are used of one set
 */
export function createRemoteJwks(options: {
  db: Database;
  clock: Clock;
  outgoing: Outgoing;
  isUsable: (jwk: JWK) => Promise<boolean>;
  mostKeys: number;
}): RemoteJwks {
  const { db, clock, outgoing, isUsable, mostKeys } = options;

  async function ask(uri: string): Promise<string | undefined> {
    try {
      const response = await outgoing.fetch(uri, { headers: { accept: 'application/json' } });
      const length = Number(response.headers.get('content-length') ?? 0);
      if (response.status !== 200 || length > LARGEST) {
        await response.body?.cancel();
        return undefined;
      }
      let body = '';
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) {
        body += decoder.decode(chunk, { stream: true });
        if (body.length > LARGEST) return undefined;
      }
      const content: unknown = JSON.parse(body);
      const isSet =
        typeof content === 'object' && content !== null && 'keys' in content && Array.isArray(content.keys);
      return isSet && !body.includes('\\u0000') ? body : undefined;
    } catch {
      return undefined;
    }
  }

  async function usable(body: string): Promise<readonly JWK[]> {
    const { keys } = JSON.parse(body) as { keys: JWK[] };
    const found: JWK[] = [];
    for (const key of keys) if (found.length < mostKeys && (await isUsable(key))) found.push(key);
    return found;
  }

  async function load(uri: string): Promise<{ keys: readonly JWK[]; answered: boolean }> {
    const now = clock.now();
    const fresh = await ask(uri);
    if (fresh !== undefined) {
      await db.query(statements.put, [uri, fresh, now, new Date(now.getTime() + STALE_LIFE * 1000)]);
      return { keys: await usable(fresh), answered: true };
    }
    const [copy] = await db.query<{ body: string }>(statements.find, [uri, now]);
    return { keys: copy === undefined ? [] : await usable(copy.body), answered: false };
  }

  const freshOf = ({ answered }: { answered: boolean }) => (answered ? FRESH : PAUSE);
  const recent = createCache({ clock, max: 1000, load, fresh: PAUSE, freshOf });
  return { keys: async (uri) => (await recent.get(uri)).keys };
}
