import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import type { Seal } from '../keys/index.ts';

const statements = {
  put: {
    name: 'source_requests_put',
    text: 'INSERT INTO source_requests (id, source_id, sealed, expires_at) VALUES ($1, $2, $3, $4)',
  },
  take: {
    name: 'source_requests_take',
    text: 'DELETE FROM source_requests WHERE id = $1 AND source_id = $2 AND expires_at > $3 RETURNING sealed',
  },
} satisfies Record<string, Statement>;

/** What a browser must bring back to go on: half in an address or nowhere, half in a cookie of its own. */
export interface Ticket {
  /** Goes through the provider, as `state`; '' where nothing goes anywhere. */
  readonly state: string;
  /** Stays in the browser. */
  readonly secret: string;
}

/** Random text of 256 bits. */
export const randomText = () => randomBytes(32).toString('base64url');

/**
 * What is remembered between two requests of one browser, once: whoever deletes the row goes on with it. It is found only by
 * both halves of its ticket, so that another browser that brings the state alone neither goes on nor ends it.
 */
export interface SourceRequests<T> {
  /** @param seconds for which it is remembered */
  keep(source: string, ticket: Ticket, content: T, seconds: number): Promise<void>;
  /** What was kept, the first time; undefined for a ticket that is wrong, used or over. */
  take(source: string, ticket: Ticket): Promise<T | undefined>;
}

/** @param kind what is remembered: no row of one kind is taken for one of another */
export function createSourceRequests<T>(options: {
  db: Database;
  clock: Clock;
  seal: Seal;
  kind: string;
}): SourceRequests<T> {
  const { db, clock, seal, kind } = options;
  const idOf = ({ state, secret }: Ticket) =>
    createHash('sha256')
      .update(JSON.stringify([kind, state, secret]))
      .digest('base64url');
  const label = (id: string) => `source-request:${kind}:${id}`;
  return {
    async keep(source, ticket, content, seconds) {
      const id = idOf(ticket);
      const sealed = seal.seal(label(id), JSON.stringify(content));
      const ends = new Date(clock.now().getTime() + seconds * 1000);
      await db.query(statements.put, [id, source, sealed, ends]);
    },
    async take(source, ticket) {
      const id = idOf(ticket);
      const [row] = await db.query<{ sealed: string }>(statements.take, [id, source, clock.now()]);
      return row && (JSON.parse(seal.open(label(id), row.sealed)) as T);
    },
  };
}
