import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import { AssentError } from '../errors.ts';
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

/** How long a source that failed, or that was just asked, is left in peace, in milliseconds. */
const PAUSE = 10_000;

/** Largest key set that is read, in characters. */
export const LARGEST = 64 * 1024;

export interface RemoteJwks {
  /**
   * The key set behind a URI as a 200 response. When the source does not answer, the last good copy serves for
   * a day, on every node, so that a client's outage is not ours.
   *
   * @throws AssentError `jwks_unavailable` when there is neither answer nor copy
   */
  fetch(uri: string): Promise<Response>;
}

const asResponse = (body: string) =>
  new Response(body, { status: 200, headers: { 'content-type': 'application/json' } });

/** Key sets of clients that publish them under a jwks_uri. */
export function createRemoteJwks(options: { db: Database; clock: Clock; outgoing: Outgoing }): RemoteJwks {
  const { db, clock, outgoing } = options;

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

  async function load(uri: string): Promise<string | undefined> {
    const now = clock.now();
    const fresh = await ask(uri);
    if (fresh !== undefined) {
      await db.query(statements.put, [uri, fresh, now, new Date(now.getTime() + STALE_LIFE * 1000)]);
      return fresh;
    }
    const [row] = await db.query<{ body: string }>(statements.find, [uri, now]);
    return row?.body;
  }

  const recent = new LRUCache<string, { readonly body: string | undefined }>({
    max: 1000,
    ttl: PAUSE,
    ttlResolution: 0,
    perf: { now: () => clock.now().getTime() },
    fetchMethod: async (uri) => ({ body: await load(uri) }),
  });

  return {
    async fetch(uri) {
      const { body } = await recent.forceFetch(uri);
      if (body === undefined)
        throw new AssentError('jwks_unavailable', 502, 'The key set of the client cannot be fetched', {
          detail: uri,
        });
      return asResponse(body);
    },
  };
}
