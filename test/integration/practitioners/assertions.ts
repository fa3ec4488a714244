import {
  createRemoteJWKSet,
  type JWK,
  type JWTPayload,
  jwtVerify,
  type ProtectedHeaderParameters,
} from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion } from '../../support/assertion.ts';
import type { Credentials } from '../../support/exchange.ts';
import { type Answer, basic, form, register, type Sent, send } from '../../support/fixtures.ts';
import { drShah } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { secretOf } from '../token-endpoint/applicants.ts';
import { keySet, newKey } from '../token-endpoint/key-source.ts';
import { behindProxy, expectRefused, observe, type Refusal, titleOf } from '../token-endpoint/refusals.ts';

export const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Fernhill's system as it is registered. */
export const fernhill = {
  organization: 'fernhill',
  asid: '200000990800',
  device: {
    identifier: { system: 'https://fernhill.example.test/Id/device', value: 'records-desk' },
    model: 'Fernhill Records',
    version: '1.0',
  },
};

/** What a client may have where nothing else is said. */
const readsRecords = { 'gp-connect': 'patient/*.read organization/*.read conf/N' };

/** A system that signs its users in itself. */
export interface Asserter {
  readonly client: Credentials;
  readonly key: JWK;
}

/**
 * Registers a system of Fernhill. It proves who it is with a secret and signs only what it says of its users, so that
 * every identifier that is used up was that of an assertion about somebody.
 *
 * @param change replaces members of its registration
 */
export async function registerAsserter(
  server: TestServer,
  clientId: string,
  change: Readonly<Record<string, unknown>> = {},
): Promise<Asserter> {
  const key = await newKey();
  await register(server, {
    client_id: clientId,
    client_secret: secretOf(clientId),
    grant_types: [jwtBearer],
    jwks: JSON.parse(keySet(key)),
    apis: readsRecords,
    ...fernhill,
    ...change,
  });
  return { client: [clientId, secretOf(clientId)], key };
}

export type Claims = Parameters<typeof assertion>[3];

/** Signs what a system says of Dr Shah; `claims` replaces or (with undefined) removes what is usual. */
export function about(
  { issuer }: Pick<TestServer, 'issuer'>,
  { client, key }: Asserter,
  claims: Claims = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const usual = { sub: 'pr-priya', requesting_practitioner: drShah() };
  return assertion(key, client[0], issuer, { ...usual, ...claims }, header);
}

/** The request with an assertion; `undefined` takes a parameter out. */
export function asked(
  { client: [clientId, secret = ''] }: Pick<Asserter, 'client'>,
  userAssertion: string,
  change: Readonly<Record<string, string | undefined>> = {},
): Sent {
  const usual = { grant_type: jwtBearer, assertion: userAssertion, scope: 'patient/*.read conf/N' };
  const pairs = Object.entries({ ...usual, ...change });
  return form(
    pairs.filter((pair): pair is [string, string] => pair[1] !== undefined),
    basic(clientId, secret),
  );
}

/** A token that the published keys verify, and what was answered beside it. */
export type Verified = {
  payload: JWTPayload;
  protectedHeader: ProtectedHeaderParameters;
  answer: Record<string, unknown>;
};

/** Verifies the token of an answer as its receiver does. @throws unless there is one and it is good */
export async function verified(
  { issuer }: Pick<TestServer, 'issuer'>,
  { status, body }: Answer,
  audience: string,
): Promise<Verified> {
  if (status !== 200) throw new Error(`${status} ${body}`);
  const answer = JSON.parse(body) as Record<string, unknown>;
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  const token = String(answer.access_token);
  const { payload, protectedHeader } = await jwtVerify(token, keys, { issuer, audience });
  return { payload, protectedHeader, answer };
}

/** What stands ready while all that is wrong is tried. */
export interface Assertions {
  server(): TestServer;
  /** Fernhill's records reader. */
  reader(): Asserter;
  /** An assertion of the reader about Dr Shah, and the request with it. */
  claiming(claims: Claims, header?: Record<string, unknown>): () => Promise<Sent>;
  /** A good assertion of the reader in a request that is otherwise than usual. */
  asking(change: Readonly<Record<string, string | undefined>>): () => Promise<Sent>;
  open(): Promise<void>;
}

export const readerId = 'fernhill-records';

/** Prepares a server and a system for tables of what can be wrong. @param prepare what else there has to be */
export function createAssertions(
  prepare: (server: TestServer) => Promise<void> = async () => {},
): Assertions {
  let held: { server: TestServer; reader: Asserter } | undefined;
  const open = () => {
    if (held === undefined) throw new Error('nothing stands ready yet');
    return held;
  };
  return {
    server: () => open().server,
    reader: () => open().reader,
    claiming: (claims, header) => async () => {
      const { server, reader } = open();
      return asked(reader, await about(server, reader, claims, header));
    },
    asking: (change) => async () => {
      const { server, reader } = open();
      return asked(reader, await about(server, reader), change);
    },
    async open() {
      const server = await startServer(behindProxy);
      held = { server, reader: await registerAsserter(server, readerId) };
      await prepare(server);
    },
  };
}

/** Names and numbers of the people of these tests. */
const personal = /shah|priya|cooper|rangi|okafor|tane|reid|hale|1000000001\d\d|1000000002\d\d|zxq/i;

/**
 * Tries each, and holds it to what it says: the answer, one trace of the denial, nothing issued and no identifier used up.
 * Neither audit nor log say of whom the assertions were.
 */
export function describeRefusals(assertions: Assertions, refusals: readonly Refusal[]): void {
  let observations: Awaited<ReturnType<typeof observe>>;

  beforeAll(async () => {
    await assertions.open();
    observations = await observe(assertions.server(), refusals);
  });
  afterAll(() => assertions.server().close());

  describe('a refused assertion', () => {
    test.each(refusals.map((refusal) => [titleOf(refusal), refusal] as const))('%s', (_title, refusal) => {
      expectRefused(refusal, observations);
      const seen = observations.get(refusal.story);
      expect(seen?.answer.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
      expect(seen?.answer.body).not.toMatch(personal);
    });
  });

  describe('afterwards', () => {
    test('neither audit nor log name a person', async () => {
      const server = assertions.server();
      const rows = await server.sql<{ row: object }>(
        "SELECT to_jsonb(a) AS row FROM audit_events a WHERE type = 'token.denied'",
      );
      expect(rows).toHaveLength(refusals.filter(({ deniedTo }) => deniedTo !== undefined).length);
      for (const { row } of rows) expect(JSON.stringify(row)).not.toMatch(personal);
      expect(server.logLines.join('\n')).not.toMatch(personal);
    });

    test('the system obtains its token all the same', async () => {
      expect(await send(assertions.server(), await assertions.claiming({})())).toMatchObject({ status: 200 });
    });
  });
}
