import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { outcome, refreshForm, tokenRequest } from '../../support/exchange.ts';
import { practise, wardApp, wardChange } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { type Authorised, createVisitor, exchangeForm, type TokenAnswer } from '../../support/visitor.ts';
import { putShah } from './surgery.ts';

/** A job role that changed after the decision: tokens hold what is below its ceiling, or there are none. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
beforeEach(() => putShah(server));
afterAll(() => server.close());

interface Held {
  readonly tokens: TokenAnswer;
  readonly waiting: Authorised;
}

/** Tokens and a code that was not exchanged yet. */
async function held(scope = wardChange.scope): Promise<Held> {
  const visitor = createVisitor(server.issuer);
  const change = { ...wardChange, scope };
  const first = await practise(server, { visitor, change });
  const second = await practise(server, { visitor, change });
  if (first.authorised === undefined || second.authorised === undefined) throw new Error('no code');
  const { body } = await tokenRequest(server, exchangeForm(first.authorised), wardApp);
  return { tokens: JSON.parse(body) as TokenAnswer, waiting: second.authorised };
}

const both = ({ tokens, waiting }: Held) => [refreshForm(tokens.refresh_token), exchangeForm(waiting)];

async function answers(one: Held): Promise<TokenAnswer[]> {
  const all: TokenAnswer[] = [];
  for (const form of both(one)) {
    const answer = await tokenRequest(server, form, wardApp);
    expect(outcome(answer)).toBe('200');
    all.push(JSON.parse(answer.body) as TokenAnswer);
  }
  return all;
}

describe('a doctor who is a receptionist now', () => {
  test('keeps what a receptionist may have, and the answer says so', async () => {
    const one = await held();
    await putShah(server, { clinical: { jobRole: 'R8009' } });
    for (const { scope, access_token: token } of await answers(one)) {
      expect(scope).not.toContain('user/Flag.write');
      expect(scope.split(' ')).toContain('user/Flag.read');
      expect(decodeJwt(token)).toMatchObject({ scope: 'user/Flag.read', requested_scope: 'user/Flag.read' });
    }
  });

  test('gets back what she had when she is a doctor again', async () => {
    const one = await held();
    await putShah(server, { clinical: { jobRole: 'R8009' } });
    const [low] = await answers(one);
    await putShah(server);
    const answer = await tokenRequest(server, refreshForm(low?.refresh_token), wardApp);
    const { access_token: token } = JSON.parse(answer.body) as TokenAnswer;
    expect(decodeJwt(token).scope).toBe('user/Flag.read user/Flag.write');
  });

  test('cannot ask for the rest', async () => {
    const one = await held();
    await putShah(server, { clinical: { jobRole: 'R8009' } });
    const form = refreshForm(one.tokens.refresh_token, { scope: 'user/Flag.write' });
    expect(outcome(await tokenRequest(server, form, wardApp))).toBe('400 invalid_scope');
  });

  test.for(['R8009', 'R9999'])('has nothing where nothing is left: invalid_grant (%s)', async (jobRole) => {
    const one = await held('openid offline_access user/Flag.write');
    await putShah(server, { clinical: { jobRole } });
    for (const form of both(one))
      expect(outcome(await tokenRequest(server, form, wardApp))).toBe('400 invalid_grant');
    await putShah(server);
    await answers(one);
  });

  test('her other role is what it was', async () => {
    await putShah(server, { professional: { jobRole: 'R8009' } });
    const [renewed] = await answers(await held());
    expect(renewed?.scope).toContain('user/Flag.write');
  });
});
