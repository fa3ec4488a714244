import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newFamily, refreshForm } from '../../support/exchange.ts';
import { basic, eventually, form, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, exchangeForm, keteWeb } from '../../support/visitor.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ LOG_LEVEL: 'debug' });
});
afterAll(() => server.close());

const newId = () => crypto.randomUUID();
const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');
const systemToken = { grant_type: 'client_credentials', scope: 'system/Flag.read' };

/** Rows of the audit that belong to a request. */
const rowsOf = (id: string) =>
  server.sql<{ type: string }>('SELECT type FROM audit_events WHERE correlation_id = $1 ORDER BY type', [id]);

/** Lines of the log that belong to a request; the last one says that it was answered. */
const linesOf = (id: string) =>
  eventually(async () => {
    const lines = server.logLines
      .map((line) => JSON.parse(line) as { correlation_id?: string; msg: string })
      .filter((line) => line.correlation_id === id);
    return lines.at(-1)?.msg === 'request answered' ? lines.map(({ msg }) => msg) : undefined;
  });

describe('a token request', () => {
  test.each([
    ['X-Correlation-Id', (id: string) => id],
    ['X-Request-ID', (id: string) => id],
    ['traceparent', (id: string) => `00-${id}-00f067aa0ba902b7-01`],
  ])('that brings %s has it in its answer, in the log and in the audit', async (header, written) => {
    const id = newId().replaceAll('-', '');
    const answer = await send(server, form(systemToken, { ...clinic, [header]: written(id) }));
    expect(answer.status).toBe(200);
    expect(answer.headers['x-correlation-id']).toBe(id);
    expect(await rowsOf(id)).toEqual([{ type: 'token.issued' }]);
    expect(await linesOf(id)).toEqual(['request answered']);
  });

  test('that brings none gets one, under which it is found', async () => {
    const { headers } = await send(server, form(systemToken, clinic));
    const id = String(headers['x-correlation-id']);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await rowsOf(id)).toEqual([{ type: 'token.issued' }]);
  });

  test('that brings something else gets another', async () => {
    const { headers } = await send(
      server,
      form(systemToken, { ...clinic, 'X-Correlation-Id': '9990001014' }),
    );
    const id = String(headers['x-correlation-id']);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await rowsOf(id)).toHaveLength(1);
    expect(await rowsOf('9990001014')).toEqual([]);
  });

  test('that is refused has it too: in the answer, in each line and in the row', async () => {
    const id = newId();
    const parameters = { ...systemToken, scope: 'system/List.read' };
    const answer = await send(server, form(parameters, { ...clinic, 'X-Correlation-Id': id }));
    expect(answer).toMatchObject({ status: 400, headers: { 'x-correlation-id': id } });
    expect(await rowsOf(id)).toEqual([{ type: 'token.denied' }]);
    expect(await linesOf(id)).toEqual(['token request refused', 'request answered']);
  });

  test('keeps its own among many at once, although their rows are written together', async () => {
    const ids = Array.from({ length: 40 }, newId);
    const answers = await Promise.all(
      ids.map((id) => send(server, form(systemToken, { ...clinic, 'X-Correlation-Id': id }))),
    );
    expect(answers.map(({ headers }) => headers['x-correlation-id'])).toEqual(ids);
    const rows = await server.sql(
      'SELECT correlation_id FROM audit_events WHERE correlation_id = ANY ($1) GROUP BY 1 HAVING count(*) = 1',
      [ids],
    );
    expect(rows).toHaveLength(40);
  });

  test('in a transaction has it, and so has the one that ends what came of a used code', async () => {
    const { first, authorised } = await newFamily(server);
    const ask = async (parameters: Record<string, string>) => {
      const id = newId();
      await send(server, form(parameters, { ...basic(...keteWeb), 'X-Correlation-Id': id }));
      return rowsOf(id);
    };
    expect(await ask(refreshForm(first.refresh_token))).toEqual([{ type: 'token.issued' }]);
    expect(await ask(exchangeForm(authorised))).toEqual([{ type: 'grant.ended' }, { type: 'token.denied' }]);
  });
});

describe('a person', () => {
  test('is found by the identifiers of her requests', async () => {
    await authorise(server, { identifier: 'wiremu@example.test' });
    const rows = await server.sql<{ type: string; correlation_id: string | null }>(
      "SELECT type, correlation_id FROM audit_events WHERE type IN ('person.signed-in', 'consent.given')",
    );
    expect(rows.length).toBeGreaterThanOrEqual(2);
    for (const row of rows) expect(row.correlation_id).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('every answer names its request', () => {
  test.each([
    ['a page', 'GET', '/', {}],
    ['a page that there is not', 'GET', '/nothing', { Accept: 'text/html' }],
    ['health', 'GET', '/health/ready', {}],
    ['the key set', 'GET', '/jwks', {}],
    ['a preflight', 'OPTIONS', '/token', { Origin: 'https://kete.example.test' }],
    ['what is refused at the door', 'GET', '/', { Host: 'evil.example.test' }],
  ])('%s', async (_what, method, path, headers) => {
    const id = newId();
    const answer = await send(server, { method, path, headers: { ...headers, 'X-Correlation-Id': id } });
    expect(answer.headers['x-correlation-id']).toBe(id);
    expect((await linesOf(id)).at(-1)).toBe('request answered');
  });
});

test('what belongs to no request has none', async () => {
  const [row] = await server.sql<{ correlation_id: string | null }>(
    "SELECT correlation_id FROM audit_events WHERE type = 'demo.seeded'",
  );
  expect(row).toEqual({ correlation_id: null });
});
