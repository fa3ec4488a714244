import { expect } from 'vitest';
import type { Database } from '../../src/db/index.ts';
import { DatabaseUnavailable } from '../../src/errors.ts';
import type { Credentials } from './exchange.ts';
import { type Answer, basic, form, send } from './fixtures.ts';
import type { TestServer } from './server.ts';

/** Where a node is asked. */
export type Place = Pick<TestServer, 'issuer'> & { readonly port?: number };

/** Takes a token back (RFC 7009 section 2.1) as a client: with HTTP Basic, or with its name alone. */
export function revoke(
  at: Place,
  token: string | undefined,
  [clientId, secret]: Credentials,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const parameters = { token: token ?? '', ...more };
  const sent =
    secret === undefined
      ? form({ ...parameters, client_id: clientId })
      : form(parameters, basic(clientId, secret));
  return send(at, { ...sent, path: '/token/revocation' });
}

/** The answer to whoever has taken a token back, or one that nobody has: JSON that says nothing. */
export function expectDone({ status, headers, body }: Answer): void {
  expect({ status, body }).toEqual({ status: 200, body: '{}' });
  expect(headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
}

/** What the audit says of tokens that were taken back, and of grants that ended. */
export interface Ending {
  readonly type: 'token.revoked' | 'grant.ended';
  readonly client_id: string | null;
  readonly api_id: string | null;
  readonly token_id: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** All of it, in its order; `grant` for one family alone. */
export function endings(server: Pick<TestServer, 'sql'>, grant?: string): Promise<Ending[]> {
  return server.sql<Ending>(
    `SELECT type, client_id, api_id, token_id, detail FROM audit_events
     WHERE type IN ('token.revoked', 'grant.ended') AND ($1::text IS NULL OR detail->>'grant' = $1)
     ORDER BY at, type`,
    [grant ?? null],
  );
}

/** What stands in the table that every node follows. */
export function listed(server: Pick<TestServer, 'sql'>, id: string): Promise<{ kind: string }[]> {
  return server.sql<{ kind: string }>('SELECT kind FROM revocations WHERE id = $1', [id]);
}

/** Looks on while a server works on its database. */
export interface Statements {
  /** Names of what was sent since the last time somebody asked, but for the looks at what was taken back. */
  take(): readonly string[];
  /** How many looks at what was taken back have begun. */
  looks(): number;
  /** Lets those whose name matches fail from now on, as on a database that is away; nothing without a pattern. */
  fail(pattern?: RegExp): void;
  /** Leaves the server alone again. */
  stop(): void;
}

/** Looks on from now on; what is under way inside transactions is seen, too. */
export function watchStatements({ services: { db } }: Pick<TestServer, 'services'>): Statements {
  const { query } = db;
  let names: string[] = [];
  let looks = 0;
  let failing: RegExp | undefined;
  const watched: Database['query'] = (statement, values) => {
    if (statement.name === 'revocations_since') looks += 1;
    else names.push(statement.name);
    if (failing?.test(statement.name)) return Promise.reject(new DatabaseUnavailable('as the test wants it'));
    return query(statement, values);
  };
  Object.assign(db, { query: watched });
  return {
    take() {
      const taken = names;
      names = [];
      return taken;
    },
    looks: () => looks,
    fail(pattern) {
      failing = pattern;
    },
    stop: () => void Object.assign(db, { query }),
  };
}

/** Lets every audit row of a type fail on a full disk (SQLSTATE 53100), until the function that is returned is called. */
export async function fillUp(
  { sql }: Pick<TestServer, 'sql'>,
  type: Ending['type'],
): Promise<() => Promise<void>> {
  await sql(`CREATE FUNCTION full_up() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$`);
  await sql(`CREATE TRIGGER full_up BEFORE INSERT ON audit_events FOR EACH ROW
    WHEN (NEW.type = '${type}') EXECUTE FUNCTION full_up()`);
  return async () => {
    await sql('DROP TRIGGER full_up ON audit_events');
    await sql('DROP FUNCTION full_up');
  };
}
