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

/** What a node reads at most once a second, whoever asks, and remembers: no login's own, however slow the machine is. */
const remembered = new Set(['clients_find', 'apis_all', 'identity_sources_all']);

interface Counted {
  /** Names of the statements that reached the database; BEGIN and COMMIT are none of ours. */
  readonly statements: string[];
  readonly transactions: number;
}

/** Does `work`, and counts what it asks of the database. */
async function counting<T>(work: () => Promise<T>): Promise<Counted & { result: T }> {
  const { db } = server.services;
  const statements: string[] = [];
  let transactions = 0;
  const { query, transaction } = db;
  const spies = [
    vi.spyOn(db, 'query').mockImplementation((statement, values) => {
      if (!ofTheNode.has(statement.name) && !remembered.has(statement.name)) statements.push(statement.name);
      return query(statement, values);
    }),
    vi.spyOn(db, 'transaction').mockImplementation((inner) => {
      if (!db.inTransaction()) transactions += 1;
      return transaction(inner);
    }),
  ];
  try {
    const result = await work();
    return { result, statements, transactions };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

test('a first login with password and consent costs at most 30 statements, with or without Redis', async () => {
  const visitor = createVisitor(server.issuer);
  const request = authorisationRequest(server.issuer);
  const login = await counting(async () => {
    const asked = await visitor.follow(await visitor.get(request.url));
    return allow(visitor, await signIn(visitor, asked));
  });
  expect(login.statements.length, login.statements.join(' ')).toBeLessThanOrEqual(30);
  expect(login.transactions).toBe(1);

  const response = new URL(login.result.location ?? '').searchParams;
  const { verifier, parameters } = request;
  const redirectUri = parameters.redirect_uri ?? '';
  const code = response.get('code') ?? '';
  const exchanged = await counting(() =>
    exchange(server, { code, verifier, redirectUri, visitor, response }),
  );
  expect(exchanged.statements.length, exchanged.statements.join(' ')).toBeLessThanOrEqual(8);
});
