import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAudit, createSealer, type Sealer, verifyAudit } from '../../../src/audit/index.ts';
import { derive } from '../../../src/keys/index.ts';
import {
  labWeb,
  newFamily,
  outcome,
  refreshForm,
  registerLab,
  renew,
  tokenRequest,
} from '../../support/exchange.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise } from '../../support/visitor.ts';

/** Sealing beside a server that people and systems use. */

let server: TestServer;
let sealer: Sealer;
const faults: unknown[] = [];

beforeAll(async () => {
  server = await startServer();
  await registerLab(server);
  const { db, clock, masterKey } = server.services;
  const key = derive(masterKey, 'audit-chain');
  sealer = createSealer({ db, clock, key, every: 100, onError: (error) => void faults.push(error) });
});
afterAll(async () => {
  await sealer.close();
  await server.close();
});

test('F-15 what people and systems do is sealed and holds: every row once, in one chain', async () => {
  const scope = 'system/Flag.read';
  const basic = ['clinic-backend', 'demo-secret-clinic-backend'] as const;
  await Promise.all(
    Array.from({ length: 20 }, () => server.token({ grant_type: 'client_credentials', scope }, basic)),
  );
  const { first, visitor } = await newFamily(server);
  await renew(server, first);
  await authorise(server, { visitor });
  expect(outcome(await tokenRequest(server, refreshForm(first.refresh_token), labWeb))).toBe(
    '400 invalid_grant',
  );
  await sealer.poll();
  await sealer.poll();

  const { db, masterKey } = server.services;
  const [counted] = await server.sql<{ rows: number; issued: number; first: number; last: number }>(
    `SELECT count(*)::integer AS rows, min(seq)::integer AS first, max(seq)::integer AS last,
       (count(*) FILTER (WHERE type = 'token.issued'))::integer AS issued
     FROM audit_events LEFT JOIN audit_chain ON event_id = id`,
  );
  const rows = counted?.rows ?? 0;
  expect(counted).toEqual({ rows, issued: 22, first: 1, last: rows });
  const verification = await verifyAudit({ db, key: derive(masterKey, 'audit-chain') });
  expect(verification).toMatchObject({ sealed: rows, unsealed: 0, faults: [], further: 0 });
  expect([await sealer.lag(), faults]).toEqual([0, []]);
});

test('a row carries the correlation id that its event names, or that of the request under way', async () => {
  const { db, clock, ids } = server.services;
  let current: string | undefined = 'of-the-request';
  const audit = createAudit({ db, clock, ids, correlation: () => current });
  await audit.record({ type: 'client.created', clientId: 'correlated' });
  await audit.record({ type: 'client.created', clientId: 'correlated', correlationId: 'of-the-event\u0000' });
  current = undefined;
  await audit.record({ type: 'client.created', clientId: 'correlated' });
  const rows = await server.sql(
    `SELECT correlation_id FROM audit_events WHERE client_id = 'correlated' ORDER BY correlation_id NULLS LAST`,
  );
  expect(rows.map(({ correlation_id: id }) => id)).toEqual(['of-the-event\ufffd', 'of-the-request', null]);
});
