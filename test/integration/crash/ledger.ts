import type { Database } from '../../../src/db/index.ts';
import type { Received } from './load.ts';

interface Issued {
  readonly token_id: string;
  readonly client_id: string;
}

export interface Comparison {
  /** Tokens that a client holds and that have not exactly one row with its name. */
  readonly faults: string[];
  /** Rows of tokens that nobody received: the answer got lost after the commit. */
  readonly surplus: number;
}

/** Compares what clients received with what the audit says was issued. */
export async function compare(db: Database, received: readonly Received[]): Promise<Comparison> {
  const rows = await db.query<Issued>({
    name: '',
    text: `SELECT token_id, client_id FROM audit_events WHERE type = 'token.issued'`,
  });
  const byToken = Map.groupBy(rows, (row) => row.token_id);
  const faults = received.flatMap(({ jti, clientId }) => {
    const names = (byToken.get(jti) ?? []).map((row) => row.client_id);
    return names.length === 1 && names[0] === clientId
      ? []
      : [`${jti} of ${clientId}: rows of [${names.join(', ')}]`];
  });
  const known = new Set(received.map(({ jti }) => jti));
  return { faults, surplus: rows.filter((row) => !known.has(row.token_id)).length };
}

/** Values that occur more than once. */
export function repeated(values: readonly string[]): string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}
