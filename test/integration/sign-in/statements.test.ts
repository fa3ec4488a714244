import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { allow, authorisationRequest, createVisitor, exchange, signIn } from '../../support/visitor.ts';

/** What a first sign-in with a password and a consent costs the database: docs/performance.md explains each statement. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

/** Statements of the tasks that every node does now and then, for no request. */
const ofTheNode = new Set(['revocations_since', 'server_time']);

/** What a node remembers for a second, whoever asks: counted once, however slow the machine is. */
const remembered = new Set(['clients_find', 'apis_all', 'identity_sources_all']);

/** Sessions, interactions and tries at passwords: with `REDIS_URL` they are no statements. */
const isVolatile = (name: string, values: readonly unknown[] = []) =>
  name.startsWith('rate_limits') ||
  values.flat().some((value) => value === 'Interaction' || value === 'Session');

interface Counted {
  /** What only PostgreSQL keeps. */
  readonly durable: string[];
  /** What Redis would keep. */
  readonly volatile: string[];
}

/** Does `work`; gives the names of the statements that reached the database. A transaction is two more: BEGIN and COMMIT. */
async function counting<T>(work: () => Promise<T>): Promise<Counted & { result: T }> {
  const { db } = server.services;
  const durable: string[] = [];
  const volatile: string[] = [];
  const { query, transaction } = db;
  const spies = [
    vi.spyOn(db, 'query').mockImplementation((statement, values) => {
      const again = remembered.has(statement.name) && durable.includes(statement.name);
      if (!ofTheNode.has(statement.name) && !again)
        (isVolatile(statement.name, values) ? volatile : durable).push(statement.name);
      return query(statement, values);
    }),
    vi.spyOn(db, 'transaction').mockImplementation(async (inner) => {
      if (db.inTransaction()) return transaction(inner);
      const before = durable.length;
      const result = await transaction(inner);
      (durable.length > before ? durable : volatile).push('BEGIN', 'COMMIT');
      return result;
    }),
  ];
  try {
    return { result: await work(), durable, volatile };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

test('a first login with password and consent costs at most 30 statements, with what Redis would keep beside them', async () => {
  const visitor = createVisitor(server.issuer);
  const request = authorisationRequest(server.issuer);
  const login = await counting(async () => {
    const asked = await visitor.follow(await visitor.get(request.url));
    return allow(visitor, await signIn(visitor, asked));
  });
  expect(login.durable.length, login.durable.join(' ')).toBeLessThanOrEqual(30);
  expect(login.volatile.length, login.volatile.join(' ')).toBeLessThanOrEqual(36);

  const response = new URL(login.result.location ?? '').searchParams;
  const { verifier, parameters } = request;
  const redirectUri = parameters.redirect_uri ?? '';
  const code = response.get('code') ?? '';
  const exchanged = await counting(() =>
    exchange(server, { code, verifier, redirectUri, visitor, response }),
  );
  expect(exchanged.durable.length, exchanged.durable.join(' ')).toBeLessThanOrEqual(9);
});
