import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onServer } from '../../support/database.ts';
import { send, startNode, type TestNode } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { createQuick, type Quick } from '../exchange/quick.ts';
import { expectErrorAnswer, tally } from '../token-endpoint/refusals.ts';
import { type Asserter, about, asked, registerAsserter } from './assertions.ts';

/** What a system says of its user counts once: in parallel, on several nodes, and later. */

const PARALLEL = 50;

/**
 * The race over two nodes counts on a PostgreSQL server only: the embedded database has one session, so its statements
 * come one after another whatever the nodes do. A few rounds on one node still show that nothing between the request and
 * the statement lets two through.
 */
const ROUNDS = onServer ? 100 : 10;

let server: TestServer;
let second: TestNode | undefined;
let quick: Quick;
let reader: Asserter;

beforeAll(async () => {
  server = await startServer();
  second = onServer ? await startNode(server) : undefined;
  quick = createQuick(second === undefined ? [server] : [server, second], PARALLEL);
  reader = await registerAsserter(server, 'fernhill-records');
});

afterAll(async () => {
  quick.close();
  await second?.close();
  await server.close();
});

const issuedTokens = async () =>
  (
    await server.sql<{ token_id: string }>(
      "SELECT token_id FROM audit_events WHERE type = 'token.issued' AND client_id = 'fernhill-records'",
    )
  ).map((row) => row.token_id);

describe('one assertion about Dr Shah used many times at once', () => {
  const nodes = onServer ? 'two nodes' : 'one node on the embedded database';

  test(`of ${PARALLEL} parallel uses exactly one passes, ${ROUNDS} rounds, ${nodes}`, {
    timeout: 300_000,
  }, async () => {
    const before = await tally(server);
    const tokens: unknown[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const { body = '', headers = {} } = asked(reader, await about(server, reader));
      const answers = await quick.together(body, headers);
      const outcomes = answers.map(({ outcome }) => outcome).sort();
      expect({ round, outcomes }).toEqual({
        round,
        outcomes: ['200', ...Array.from({ length: PARALLEL - 1 }, () => '400 invalid_grant')],
      });
      expect(await tally(server)).toEqual({
        artefacts: before.artefacts,
        guards: before.guards + round,
        issued: before.issued + round,
      });
      const won = answers.find(({ outcome }) => outcome === '200')?.access_token ?? '';
      tokens.push(decodeJwt(won).jti);
    }
    expect((await issuedTokens()).sort()).toEqual(tokens.sort());
  });

  test('assertions with one jti that say different things are one', async () => {
    const jti = crypto.randomUUID();
    const before = await tally(server);
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const said = { jti, exp: Math.floor(Date.now() / 1000) + 60 + index };
        return send(second ?? server, asked(reader, await about(server, reader, said)));
      }),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await tally(server)).toMatchObject({ guards: before.guards + 1, issued: before.issued + 1 });
  });

  test('assertions that differ all pass at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: PARALLEL }, async () =>
        send(second ?? server, asked(reader, await about(server, reader))),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

test('an assertion that was used is refused by a node that never saw it', async () => {
  const sent = asked(reader, await about(server, reader));
  expect(await send(server, sent)).toMatchObject({ status: 200 });
  const fresh = await startNode(server);
  try {
    const answer = await send(fresh, sent);
    expectErrorAnswer(answer, { status: 400, error: 'invalid_grant', usedAuthorization: true });
  } finally {
    await fresh.close();
  }
});

test('an assertion is used up for good by the time its token is answered', async () => {
  const { guards } = await tally(server);
  const sent = Array.from({ length: 10 }, async () => asked(reader, await about(server, reader)));
  for (const [index, one] of sent.entries()) {
    expect(await send(server, await one)).toMatchObject({ status: 200 });
    // Read on the same database from outside of the request: what is seen has been committed.
    expect(await tally(server)).toMatchObject({ guards: guards + index + 1 });
  }
});
