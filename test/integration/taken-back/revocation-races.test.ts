import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onServer } from '../../support/database.ts';
import { grantOf, outcome, refreshForm, renew, tokenRequest } from '../../support/exchange.ts';
import { type Answer, startNode, type TestNode } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { endings, listed, revoke } from '../../support/taken-back.ts';
import { createVisitor, exchangeForm, type TokenAnswer } from '../../support/visitor.ts';
import { expectEndsWithinASecond } from '../attacks/ends.ts';
import { addNotes, isActiveAt } from '../attacks/jwts.ts';
import { backEnd, registerClients } from '../dpop/proof.ts';
import { families, familyGrant } from './families.ts';

/** One token taken back many times at once, and while it is being used: one effect, and nothing alive afterwards. */

const PARALLEL = 50;

/** Races count on a PostgreSQL server only; on the embedded database transactions come one after another. */
const ROUNDS = onServer ? 10 : 2;

if (!onServer) console.warn('Revocations race for 2 rounds on one node only: set DATABASE_URL for 10 on two');

const LONG = { timeout: 300_000 };

let server: TestServer;
let second: TestNode | undefined;

beforeAll(async () => {
  server = await startServer();
  await addNotes(server);
  await registerClients(server);
  second = onServer ? await startNode(server) : undefined;
});
afterAll(async () => {
  await second?.close();
  await server.close();
});

const nodes = (): readonly (TestServer | TestNode)[] => (second === undefined ? [server] : [server, second]);
const nodeAt = (index: number) => nodes()[index % nodes().length] ?? server;

const statuses = (answers: readonly Answer[]) => [...new Set(answers.map(({ status }) => status))];

/** Every token is dead at every node. */
async function expectDead(api: string, tokens: readonly TokenAnswer[]): Promise<void> {
  for (const { access_token: token } of tokens)
    for (const node of nodes()) await expectEndsWithinASecond(() => isActiveAt(node, api, token));
}

describe(`of ${PARALLEL} at once, on ${onServer ? 'two nodes' : 'one node'}`, () => {
  test.for(families)('$what: their refresh token ends them once', LONG, async ({ api, client, start }) => {
    const family = await start(server);
    const grant = await familyGrant(server, family);
    const answers = await Promise.all(
      Array.from({ length: PARALLEL }, (_, index) =>
        revoke(nodeAt(index), family.first.refresh_token, client),
      ),
    );
    expect(statuses(answers)).toEqual([200]);
    await expectDead(api, [family.first]);
    expect(await listed(server, grant)).toEqual([{ kind: 'grant' }]);
    const types = (await endings(server, grant)).map(({ type }) => type);
    expect(types).toEqual(['grant.ended', 'token.revoked']);
  });

  test.for(families)('$what: an access token ends once', LONG, async ({ api, client, start }) => {
    const family = await start(server);
    const grant = await familyGrant(server, family);
    const answers = await Promise.all(
      Array.from({ length: PARALLEL }, (_, index) =>
        revoke(nodeAt(index), family.first.access_token, client),
      ),
    );
    expect(statuses(answers)).toEqual([200]);
    await expectDead(api, [family.first]);
    expect((await endings(server, grant)).map(({ type }) => type)).toEqual(['token.revoked']);
    expect(await renew(server, family.first, client)).toMatchObject({ access_token: expect.any(String) });
  });

  test('an opaque token of a system ends once', LONG, async () => {
    const wish = {
      grant_type: 'client_credentials',
      scope: 'system/Patient.rs',
      resource: `${server.issuer}/demo/fhir/r4`,
    };
    const { body } = await tokenRequest(server, wish, backEnd);
    const token = JSON.parse(body) as TokenAnswer;
    const before = (await endings(server)).length;
    const answers = await Promise.all(
      Array.from({ length: PARALLEL }, (_, index) => revoke(nodeAt(index), token.access_token, backEnd)),
    );
    expect(statuses(answers)).toEqual([200]);
    await expectDead('demo-fhir', [token]);
    expect((await endings(server)).length - before).toBe(1);
  });
});

/** Tokens of an answer that has some. */
const tokensIn = (answers: readonly Answer[]): TokenAnswer[] =>
  answers.filter(({ status }) => status === 200).map(({ body }) => JSON.parse(body) as TokenAnswer);

describe(`while it is used, ${ROUNDS} rounds on ${onServer ? 'two nodes' : 'one node'}`, () => {
  test.for(families)(
    '$what: a refresh and the end of its family leave nothing alive',
    LONG,
    async ({ api, client, start }) => {
      const visitor = createVisitor(server.issuer);
      for (let round = 0; round < ROUNDS; round += 1) {
        const family = await start(server, visitor);
        const grant = await familyGrant(server, family);
        const refresh = () => tokenRequest(nodeAt(round), refreshForm(family.first.refresh_token), client);
        const takeBack = () => revoke(nodeAt(round + 1), family.first.refresh_token, client);
        const order = round % 2 === 0 ? [refresh, takeBack] : [takeBack, refresh];
        const answers = await Promise.all(order.map((one) => one()));
        const [refreshed, revoked] = round % 2 === 0 ? answers : answers.toReversed();
        if (refreshed === undefined || revoked === undefined) throw new Error('both are answered');
        expect(revoked).toMatchObject({ status: 200, body: '{}' });
        expect(['200', '400 invalid_grant']).toContain(outcome(refreshed));
        const won = tokensIn([refreshed]);
        await expectDead(api, [family.first, ...won]);
        for (const { refresh_token: token } of won)
          expect(outcome(await tokenRequest(server, refreshForm(token), client))).toBe('400 invalid_grant');
        const left = await server.sql('SELECT model FROM oidc_artefacts WHERE grant_id = $1 OR id = $1', [
          grant,
        ]);
        expect(left).toEqual([]);
      }
    },
  );

  test.for(families)(
    '$what: a code of the same grant and the end of the family leave nothing alive',
    LONG,
    async ({ api, client, start, code: newCode }) => {
      const visitor = createVisitor(server.issuer);
      for (let round = 0; round < ROUNDS; round += 1) {
        const family = await start(server, visitor);
        const grant = await familyGrant(server, family);
        // The same browser: its session goes on with the grant that it has.
        const code = await newCode(server, visitor);
        expect(await grantOf(server, code.code)).toBe(grant);
        const redeem = () => tokenRequest(nodeAt(round), exchangeForm(code), client);
        const takeBack = () => revoke(nodeAt(round + 1), family.first.refresh_token, client);
        const order = round % 2 === 0 ? [redeem, takeBack] : [takeBack, redeem];
        const answers = await Promise.all(order.map((one) => one()));
        const [redeemed, revoked] = round % 2 === 0 ? answers : answers.toReversed();
        if (redeemed === undefined || revoked === undefined) throw new Error('both are answered');
        expect(revoked).toMatchObject({ status: 200, body: '{}' });
        expect(['200', '400 invalid_grant']).toContain(outcome(redeemed));
        await expectDead(api, [family.first, ...tokensIn([redeemed])]);
        for (const { refresh_token: token } of tokensIn([redeemed]))
          expect(outcome(await tokenRequest(server, refreshForm(token), client))).toBe('400 invalid_grant');
      }
    },
  );

  test(
    'a refresh that is repeated while the family ends: no answer but 200 and invalid_grant',
    LONG,
    async () => {
      for (const { api, client, start } of families) {
        const visitor = createVisitor(server.issuer);
        for (let round = 0; round < Math.ceil(ROUNDS / 5); round += 1) {
          const { first } = await start(server, visitor);
          const requests = Array.from({ length: 20 }, (_, index) =>
            index % 2 === 0
              ? tokenRequest(nodeAt(index), refreshForm(first.refresh_token), client)
              : revoke(nodeAt(index), first.refresh_token, client),
          );
          const answers = await Promise.all(requests);
          expect(
            [...new Set(answers.map(outcome))].filter((one) => !/^(200|400 invalid_grant)$/.test(one)),
          ).toEqual([]);
          const won = tokensIn(answers).filter(({ access_token: token }) => token !== undefined);
          expect(won.length).toBeLessThanOrEqual(1);
          await expectDead(api, [first, ...won]);
        }
      }
    },
  );
});
