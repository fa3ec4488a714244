import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createQuick, type Quick } from '../integration/exchange/quick.ts';
import { assertion, assertionForm, demoKey } from '../support/assertion.ts';
import {
  grantOf,
  isActive,
  outcome,
  redeem,
  refreshForm,
  renew,
  tokenRequest,
  tryRefresh,
} from '../support/exchange.ts';
import { basic, form as formOf, send } from '../support/fixtures.ts';
import { assertUser, userContext } from '../support/practitioner.ts';
import {
  authorise,
  createVisitor,
  exchangeForm,
  keteWeb,
  type TokenAnswer,
  type Visitor,
} from '../support/visitor.ts';
import { form } from './form.ts';
import { type Counts, expectOneWinner, play } from './outcomes.ts';
import { type Stage, setStage } from './stage/stage.ts';

/** F-07: what can be used once is used fifty times at once, half of it on each of two processes. */

const { parallel, rounds } = form;

let stage: Stage;
let quick: Quick;
let visitor: Visitor;

beforeAll(async () => {
  stage = await setStage();
  quick = createQuick(stage.nodes, parallel);
  visitor = createVisitor(stage.issuer);
  await redeem(stage, await authorise(stage, { visitor }));
});
afterAll(async () => {
  quick?.close();
  await stage?.close();
});

const asOutcome = (text: string) => (text === '200' ? 'won' : text);

/** Sends the same form many times at once. @returns the winner's answer */
async function race(
  parameters: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
  refusal: string,
): Promise<{ won: TokenAnswer; counts: Counts }> {
  const answers = await quick.together(new URLSearchParams(parameters).toString(), headers);
  const counts = expectOneWinner(
    answers.map((answer) => asOutcome(answer.outcome)),
    [refusal],
  );
  return { won: answers.find((answer) => answer.outcome === '200') as unknown as TokenAnswer, counts };
}

/** What is left of a family that could still be used. */
const left = (grant: string) =>
  stage.sql('SELECT model FROM oidc_artefacts WHERE grant_id = $1 AND consumed_at IS NULL', [grant]);

async function issued(): Promise<number> {
  const [row] = await stage.sql<{ count: number }>(
    `SELECT count(*) AS count FROM audit_events WHERE type = 'token.issued'`,
  );
  return row?.count ?? Number.NaN;
}

describe(`of ${parallel} parallel uses on two nodes exactly one succeeds, ${rounds} rounds:`, () => {
  test('TK-03 F-07 an authorisation code; being replayed, it leaves no token alive', async () => {
    await play('authorisation code', rounds, async () => {
      const authorised = await authorise(stage, { visitor });
      const grant = await grantOf(stage, authorised.code);
      const before = await issued();
      const { won, counts } = await race(exchangeForm(authorised), basic(...keteWeb), '400 invalid_grant');
      expect(await issued()).toBe(before + 1);
      expect(outcome(await tokenRequest(stage, exchangeForm(authorised)))).toBe('400 invalid_grant');
      expect(await isActive(stage, won)).toBe(false);
      expect(await tryRefresh(stage, won)).toBe('400 invalid_grant');
      expect(await left(grant)).toEqual([]);
      return counts;
    });
  });

  test('RT-03 F-07 a refresh token: one new member of its family, and none after a later replay', async () => {
    await play('refresh token', rounds, async () => {
      const first = await redeem(stage, await authorise(stage, { visitor }));
      const grant = await grantOf(stage, first.access_token);
      const before = await issued();
      const form = refreshForm(first.refresh_token);
      const { won, counts } = await race(form, basic(...keteWeb), '400 invalid_grant');
      expect(await issued()).toBe(before + 1);
      const successors = await stage.sql(
        'SELECT id FROM oidc_artefacts WHERE grant_id = $1 AND predecessor IS NOT NULL',
        [grant],
      );
      expect(successors).toHaveLength(1);
      // Within ten seconds the others may have been a client's retries: nothing has ended, and the one successor works.
      const next = await renew(stage, won);
      expect(await isActive(stage, next)).toBe(true);
      expect(await tryRefresh(stage, first)).toBe('400 invalid_grant');
      for (const member of [first, won, next]) expect(await isActive(stage, member)).toBe(false);
      expect(await tryRefresh(stage, next)).toBe('400 invalid_grant');
      expect(await left(grant)).toEqual([]);
      return counts;
    });
  });

  test('CA-03 F-07 the jti of a client assertion', async () => {
    const key = demoKey(stage, 'clinic-jwt');
    await play('client assertion', rounds, async () => {
      const proof = assertionForm(await assertion(key, 'clinic-jwt', stage.issuer));
      const parameters = { grant_type: 'client_credentials', scope: 'system/Flag.read', ...proof };
      const before = await issued();
      const { counts } = await race(parameters, {}, '401 invalid_client');
      expect(outcome(await send(stage, formOf(parameters)))).toBe('401 invalid_client');
      expect(await issued()).toBe(before + 1);
      return counts;
    });
  });

  test('CA-03 F-07 the jti of a user context assertion', async () => {
    await play('user context assertion', rounds, async () => {
      const said = await userContext(stage);
      const before = await issued();
      // Each use comes with a client assertion of its own: what is said of the user is all they share.
      const answers = await Promise.all(
        Array.from({ length: parallel }, (_, index) => {
          const { port } = stage.nodes[index % 2 === 0 ? 0 : 1];
          return assertUser({ ...stage, port }, said);
        }),
      );
      const outcomes = answers.map((answer) => asOutcome(outcome(answer)));
      const counts = expectOneWinner(outcomes, ['400 invalid_grant']);
      expect(outcome(await assertUser(stage, said))).toBe('400 invalid_grant');
      expect(await issued()).toBe(before + 1);
      return counts;
    });
  });
});
