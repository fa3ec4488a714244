import { afterAll, beforeAll, expect, test } from 'vitest';
import { endAll } from '../../../src/oidc/index.ts';
import { isActive, newFamily, refreshForm, tokenRequest } from '../../support/exchange.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, exchangeForm } from '../../support/visitor.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

test('F-18 after a restore nothing that was issued before works, and everybody decides anew', async () => {
  const { first } = await newFamily(server);
  const waiting = await authorise(server);
  const ended = await endAll(server.services);
  expect(ended).toMatchObject({ consents: 1, grants: expect.any(Number) });
  expect(ended.grants).toBeGreaterThan(0);
  expect(ended.artefacts).toBeGreaterThan(0);

  expect(await isActive(server, first)).toBe(false);
  const refreshed = await tokenRequest(server, refreshForm(first.refresh_token));
  const exchanged = await tokenRequest(server, exchangeForm(waiting));
  for (const { status, body } of [refreshed, exchanged])
    expect({ status, error: JSON.parse(body).error }).toEqual({ status: 400, error: 'invalid_grant' });
  const counts = await server.sql(
    `SELECT (SELECT count(*) FROM consents WHERE ended_at IS NULL) AS consents,
            (SELECT count(*) FROM grants WHERE ended_at IS NULL) AS grants,
            (SELECT count(*) FROM oidc_artefacts) AS artefacts`,
  );
  expect(counts).toEqual([{ consents: 0, grants: 0, artefacts: 0 }]);
  const rows = await server.sql('SELECT detail FROM audit_events WHERE type = $1', ['database.restored']);
  expect(rows).toEqual([{ detail: ended }]);

  // Nothing stands in the way of a new beginning.
  expect(await isActive(server, (await newFamily(server)).first)).toBe(true);
});
