import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { grantOf, isActive, outcome, redeem, refreshForm, tokenRequest } from '../support/exchange.ts';
import { basic, eventually, form as formOf, type Sent } from '../support/fixtures.ts';
import { authorise, createVisitor, exchangeForm, keteWeb, type Visitor } from '../support/visitor.ts';
import { form } from './form.ts';
import { type Stage, setStage } from './stage/stage.ts';

/** F-03: tokens are stored, and the connection breaks before the client has its answer; it asks the other node again. */

/** Within this, in seconds, what was issued in vain has ended (F-03). */
const ENDED_WITHIN = 1;

let stage: Stage;
let visitor: Visitor;

beforeAll(async () => {
  stage = await setStage();
  visitor = createVisitor(stage.issuer);
});
afterAll(() => stage?.close());

const issued = async (grant: string) => {
  const rows = await stage.sql(
    `SELECT id FROM audit_events WHERE type = 'token.issued' AND detail->>'grant' = $1`,
    [grant],
  );
  return rows.length;
};

/** Sends a request to the first node, and breaks the connection when its tokens are stored. */
async function sendAndBreak({ headers, body }: Sent, stored: () => Promise<boolean>): Promise<void> {
  const { port } = stage.first;
  const { host } = new URL(stage.issuer);
  const sent = request({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/token',
    headers: { ...headers, Host: host },
  });
  sent.on('error', () => {});
  // What arrives is not read: the client is as good as gone already.
  sent.on('response', (answer) => answer.pause());
  sent.end(body);
  await eventually(async () => (await stored()) || undefined);
  sent.destroy();
}

const other = () => ({ issuer: stage.issuer, port: stage.second.port });

/** Whether nothing of a family can be used. */
async function hasEnded(grant: string): Promise<boolean> {
  const rows = await stage.sql('SELECT id FROM oidc_artefacts WHERE grant_id = $1 AND consumed_at IS NULL', [
    grant,
  ]);
  return rows.length === 0;
}

describe(`a client that lost the answer and asks the other node again, ${form.rounds} rounds:`, () => {
  test('F-03 a code is refused, and what it brought has ended', async () => {
    for (let round = 0; round < form.rounds; round += 1) {
      const authorised = await authorise(stage, { visitor });
      const grant = await grantOf(stage, authorised.code);
      const sent = formOf(exchangeForm(authorised), basic(...keteWeb));
      await sendAndBreak(sent, async () => (await issued(grant)) === 1);
      expect(outcome(await tokenRequest(other(), exchangeForm(authorised)))).toBe('400 invalid_grant');
      await eventually(async () => (await hasEnded(grant)) || undefined, ENDED_WITHIN);
      expect(await issued(grant)).toBe(1);
    }
    console.log(`${form.rounds} codes whose answer was lost: refused, and what they brought has ended`);
  });

  test('F-03 a refresh token is refused, and the person begins anew without anybody cleaning up', async () => {
    for (let round = 0; round < form.rounds; round += 1) {
      const first = await redeem(stage, await authorise(stage, { visitor }));
      const grant = await grantOf(stage, first.access_token);
      const before = await issued(grant);
      const sent = formOf(refreshForm(first.refresh_token), basic(...keteWeb));
      await sendAndBreak(sent, async () => (await issued(grant)) === before + 1);
      expect(outcome(await tokenRequest(other(), refreshForm(first.refresh_token)))).toBe(
        '400 invalid_grant',
      );
      expect(await issued(grant)).toBe(before + 1);
      expect(await isActive(stage, await redeem(stage, await authorise(stage, { visitor })))).toBe(true);
    }
    console.log(`${form.rounds} refresh tokens whose answer was lost: refused, and the person began anew`);
  });
});
