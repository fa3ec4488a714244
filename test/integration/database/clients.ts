import pg from 'pg';
import { vi } from 'vitest';

/**
 * Looks on at the connections of this process to one port, until mocks are restored. What waits for an answer to the statement
 * before it is not sent yet, so a wire does not show it.
 *
 * @returns tells the text of every statement since, in their order
 */
export function watchClients(port: number): () => readonly string[] {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  return () =>
    query.mock.calls.flatMap(([asked]: readonly unknown[], index) => {
      if ((query.mock.contexts[index] as pg.Client).port !== port) return [];
      return typeof asked === 'string' ? asked : (asked as pg.QueryConfig).text;
    });
}
