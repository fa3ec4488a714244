import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Api } from '../../../src/catalogue/index.ts';
import { basic, form, register, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { expectErrorAnswer } from './refusals.ts';

/** Opaque access tokens: kept under their hash, in one transaction with their audit row, or not at all. */

let server: TestServer;

const statistics: Api = {
  id: 'statistics',
  audience: 'https://statistics.example.test/v1',
  profile: 'none',
  tokenFormat: 'opaque',
  tokenTyp: 'at+jwt',
  signingAlg: 'ES256',
  tokenLifetime: 600,
  scopes: ['statistics.read'],
  reasons: ['directcare'],
  sensitivity: 'unclassified',
  requiredAcr: undefined,
  assurance: {},
};

const secret = 'secret-of-the-night-report';

beforeAll(async () => {
  server = await startServer();
  await server.services.catalogue.put(statistics, { demo: false });
  await register(server, {
    client_id: 'night-report',
    client_secret: secret,
    grant_types: ['client_credentials'],
    organization: 'fernhill',
    apis: { statistics: 'statistics.read', 'reasonable-adjustments': 'system/Flag.read' },
  });
});

afterAll(() => server.close());

const ask = (scope = 'statistics.read') =>
  send(server, form({ grant_type: 'client_credentials', scope }, basic('night-report', secret)));

interface TokenAnswer {
  readonly access_token: string;
  readonly expires_in: number;
  readonly scope: string;
  readonly token_type: string;
}

async function obtain(): Promise<TokenAnswer> {
  const answer = await ask();
  expect(answer).toMatchObject({ status: 200 });
  return JSON.parse(answer.body) as TokenAnswer;
}

const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url');

/** Every row of every table as one text. */
async function everything(): Promise<string> {
  const tables = await server.sql<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
  );
  expect(tables.length).toBeGreaterThan(10);
  const rows: unknown[] = [];
  for (const { name } of tables) {
    rows.push(await server.sql(`SELECT '${name}' AS table_name, to_jsonb(t)::text AS text FROM "${name}" t`));
  }
  return JSON.stringify(rows);
}

async function counts(): Promise<{ tokens: number; issued: number }> {
  const [row] = await server.sql<{ tokens: number; issued: number }>(
    `SELECT (SELECT count(*) FROM oidc_artefacts WHERE model = 'ClientCredentials') AS tokens,
            (SELECT count(*) FROM audit_events WHERE type = 'token.issued') AS issued`,
  );
  if (row === undefined) throw new Error('the tables cannot be counted');
  return row;
}

describe('an opaque token', () => {
  test('TK-06 lives 300 s where nobody signed in, whatever its API says; it is no JWT', async () => {
    const answer = await obtain();
    expect(answer).toEqual({
      access_token: expect.stringMatching(/^[A-Za-z0-9_-]{40,}$/),
      expires_in: 300,
      scope: 'statistics.read',
      token_type: 'Bearer',
    });
  });

  test('is kept under its hash, with its audience, scope and end', async () => {
    const before = Date.now();
    const { access_token: token } = await obtain();
    const after = Date.now();
    const [row] = await server.sql<{ payload: Record<string, unknown>; expires_at: Date; client_id: string }>(
      "SELECT payload, expires_at, client_id FROM oidc_artefacts WHERE model = 'ClientCredentials' AND id = $1",
      [hashOf(token)],
    );
    expect(row).toMatchObject({
      client_id: 'night-report',
      payload: { aud: statistics.audience, scope: 'statistics.read', clientId: 'night-report' },
    });
    const end = row?.expires_at.getTime() ?? 0;
    expect(end).toBeGreaterThanOrEqual(before + 299_000);
    expect(end).toBeLessThanOrEqual(after + 301_000);
  });

  test('stands nowhere in the database or the log', async () => {
    const { access_token: token } = await obtain();
    const text = await everything();
    expect(text).toContain(hashOf(token));
    expect(text).not.toContain(token);
    expect(server.logLines.join('\n')).not.toContain(token);
  });

  test('has one audit row, under its hash, written in the same transaction', async () => {
    const { access_token: token } = await obtain();
    const audited = await server.sql<{ transaction: string }>(
      `SELECT type, client_id, organization, api_id, scope, subject, xmin::text AS transaction
       FROM audit_events WHERE token_id = $1`,
      [hashOf(token)],
    );
    const [kept] = await server.sql<{ transaction: string }>(
      'SELECT xmin::text AS transaction FROM oidc_artefacts WHERE id = $1',
      [hashOf(token)],
    );
    expect(audited).toEqual([
      {
        type: 'token.issued',
        client_id: 'night-report',
        organization: 'fernhill',
        api_id: 'statistics',
        scope: 'statistics.read',
        subject: 'night-report',
        transaction: kept?.transaction,
      },
    ]);
  });

  test('of many at once, each has its row and its audit row', async () => {
    const before = await counts();
    const tokens = await Promise.all(Array.from({ length: 40 }, obtain));
    expect(new Set(tokens.map((one) => one.access_token)).size).toBe(40);
    expect(await counts()).toEqual({ tokens: before.tokens + 40, issued: before.issued + 40 });
  });

  test('ends by the shifted clock too: the end is made from the time of the process', async () => {
    shiftTime(3600);
    const { access_token: token } = await obtain().finally(() => shiftTime(0));
    const [row] = await server.sql<{ expires_at: Date }>(
      'SELECT expires_at FROM oidc_artefacts WHERE id = $1',
      [hashOf(token)],
    );
    expect(row?.expires_at.getTime()).toBeGreaterThan(Date.now() + 3600_000 + 290_000);
  });
});

describe('when the audit cannot be written', () => {
  const breakAudit = () =>
    server.sql('ALTER TABLE audit_events ADD CONSTRAINT out_of_order CHECK (false) NOT VALID');
  const repairAudit = () => server.sql('ALTER TABLE audit_events DROP CONSTRAINT IF EXISTS out_of_order');

  afterEach(repairAudit);

  test.for([
    ['an opaque token', 'statistics.read'],
    ['a JWT', 'system/Flag.read'],
    ['a denial', 'everything'],
  ] as const)('%s is withheld: 503 with Retry-After, and no token row is left', async ([, scope]) => {
    const before = await counts();
    await breakAudit();
    const answer = await ask(scope);
    expectErrorAnswer(answer, { status: 503, error: 'temporarily_unavailable', usedAuthorization: true });
    expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(await counts()).toEqual(before);
  });

  test('it works again as soon as the audit does', async () => {
    await breakAudit();
    const [broken] = await Promise.all([ask(), ask()]);
    expect(broken.status).toBe(503);
    await repairAudit();
    const before = await counts();
    const { access_token: token } = await obtain();
    expect(token).not.toBe('');
    expect(await counts()).toEqual({ tokens: before.tokens + 1, issued: before.issued + 1 });
  });

  test('the place for tokens missing is no different: 503, and no audit row of a token that was not kept', async () => {
    const before = await counts();
    await server.sql('ALTER TABLE oidc_artefacts ADD CONSTRAINT full_up CHECK (false) NOT VALID');
    const answer = await ask().finally(() =>
      server.sql('ALTER TABLE oidc_artefacts DROP CONSTRAINT full_up'),
    );
    expectErrorAnswer(answer, { status: 503, error: 'temporarily_unavailable', usedAuthorization: true });
    expect(await counts()).toEqual(before);
  });
});
