import type { Clock, Ids } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import { type AuditEvent, type AuditRow, auditRow } from './events.ts';

const statements = {
  add: {
    name: 'audit_events_add',
    text: `INSERT INTO audit_events
             (id, at, type, client_id, organization, api_id, grant_type, scope, subject, token_id, error, source, detail,
              correlation_id)
           SELECT id, at, type, client_id, organization, api_id, grant_type, scope, subject, token_id, error, source, detail,
             correlation_id
           FROM jsonb_to_recordset($1::jsonb) AS event
             (id text, at timestamptz, type text, client_id text, organization text, api_id text, grant_type text,
              scope text, subject text, token_id text, error text, source text, detail jsonb, correlation_id text)`,
  },
} satisfies Record<string, Statement>;

/** The way into the audit trail. */
export interface Audit {
  /** Makes the row of an event, with its identifier and the time now; `add` stores it. */
  row(event: AuditEvent): AuditRow;
  /** Stores rows in one statement. */
  add(rows: readonly AuditRow[]): Promise<void>;
  /** Stores one event; inside a transaction it is part of it. */
  record(event: AuditEvent): Promise<void>;
}

/**
 * The audit trail: rows are added and never changed.
 *
 * @param correlation gives the correlation id of the request under way
 */
export function createAudit(options: {
  db: Database;
  clock: Clock;
  ids: Ids;
  correlation?: () => string | undefined;
}): Audit {
  const { db, clock, ids, correlation } = options;
  const row = (event: AuditEvent) =>
    auditRow({ ...event, correlationId: event.correlationId ?? correlation?.() }, ids.uuid(), clock.now());
  const add = async (rows: readonly AuditRow[]) => {
    await db.query(statements.add, [JSON.stringify(rows)]);
  };
  return { row, add, record: (event) => add([row(event)]) };
}
