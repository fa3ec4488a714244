import { type ChainKey, type ChainRow, type Head, link } from '../../../src/audit/chain.ts';
import type { Fault } from '../../../src/audit/faults.ts';
import { createWalk, type Link } from '../../../src/audit/walk.ts';

/** A row as it is read for the chain. */
export const row = (id: string, change: Partial<ChainRow> = {}): ChainRow => ({
  id,
  at: '1784628000.123456',
  type: 'token.issued',
  client_id: 'clinic-backend',
  organization: 'kowhai',
  api_id: 'spine-flags',
  grant_type: 'client_credentials',
  scope: 'system/Flag.read',
  subject: 'clinic-backend',
  token_id: null,
  error: null,
  source: '127.0.0.1',
  detail: '{"reason": "directcare"}',
  correlation_id: null,
  ...change,
});

/** A link of a chain in memory: what tampers with it writes here. */
export interface Written {
  seq: number;
  id: string;
  hash: string;
}

/** A chain and its rows, as two tables that somebody with all rights on the database may change. */
export interface Trail {
  readonly rows: Map<string, ChainRow>;
  links: Written[];
  head: Head;
}

/** Seals so many rows, whose ids are r1, r2 and so on. */
export function sealed(key: ChainKey, count: number): Trail {
  const rows = new Map<string, ChainRow>();
  const links: Written[] = [];
  let previous = '';
  for (let seq = 1; seq <= count; seq += 1) {
    const id = `r${seq}`;
    rows.set(id, row(id, { token_id: `token ${seq}` }));
    previous = link(key, { seq, previous }, row(id, { token_id: `token ${seq}` }));
    links.push({ seq, id, hash: previous });
  }
  return { rows, links, head: { seq: count, hash: previous } };
}

/** Walks along a trail to its end. */
export function walked(
  key: ChainKey,
  { rows, links, head }: Trail,
): { faults: readonly Fault[]; further: number } {
  const walk = createWalk(key);
  const inOrder = links.toSorted((a, b) => a.seq - b.seq);
  for (const { seq, id, hash } of inOrder) walk.take({ seq, id, hash, row: rows.get(id) } satisfies Link);
  return walk.end(head);
}
