import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outcome } from '../../support/exchange.ts';
import { type Answer, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import type { TokenAnswer } from '../../support/visitor.ts';
import { type Asserter, about, asked, jwtBearer, registerAsserter } from '../practitioners/assertions.ts';
import { behindProxy, expectRefused, observe } from '../token-endpoint/refusals.ts';
import { createProofKey, type ProofKey, proof, request } from './proof.ts';

/** Tokens about a user whom a system signed in itself, bound to a key of the system (RFC 9449 section 5). */

let server: TestServer;
let key: ProofKey;
let reader: Asserter;
let strict: Asserter;

beforeAll(async () => {
  server = await startServer(behindProxy);
  key = await createProofKey();
  reader = await registerAsserter(server, 'fernhill-records', {
    grant_types: [jwtBearer, 'client_credentials'],
    apis: { 'gp-connect': 'patient/*.read conf/N', 'reasonable-adjustments': 'system/Flag.read' },
  });
  strict = await registerAsserter(server, 'fernhill-strict', { dpop_bound_access_tokens: true });
});

afterAll(() => server.close());

const resource = 'https://gp.millbrook.example.test/ZZ901/STU3/1/gpconnect/structured';
const tokenProof = (claims: Readonly<Record<string, unknown>> = {}) =>
  proof(key, `${server.issuer}/token`, { claims });

/** The request about Dr Shah, with a proof if one is given. */
async function sentBy(system: Asserter, dpop?: string, userAssertion?: string) {
  const sent = asked(system, userAssertion ?? (await about(server, system)), { resource });
  return dpop === undefined ? sent : { ...sent, headers: { ...sent.headers, DPoP: dpop } };
}

const ask = async (...request: Parameters<typeof sentBy>): Promise<Answer> =>
  send(server, await sentBy(...request));

describe('a token about Dr Shah', () => {
  test('is bound to the key of the proof, and says the same of her', async () => {
    const [plain, bound] = [await ask(reader), await ask(reader, await tokenProof())].map(
      ({ body }) => JSON.parse(body) as TokenAnswer,
    );
    expect([plain?.token_type, bound?.token_type]).toEqual(['Bearer', 'DPoP']);
    const { cnf, ...claims } = decodeJwt(bound?.access_token ?? '');
    expect(cnf).toEqual({ jkt: key.thumbprint });
    expect(claims.requesting_practitioner).toEqual(
      decodeJwt(plain?.access_token ?? '').requesting_practitioner,
    );
    expect(Object.keys(claims).toSorted()).toEqual(
      Object.keys(decodeJwt(plain?.access_token ?? '')).toSorted(),
    );
  });

  test('is refused without a proof to a system that demands bound ones, and is had with one', async () => {
    expect(outcome(await ask(strict))).toBe('400 invalid_grant');
    expect(outcome(await ask(strict, await tokenProof()))).toBe('200');
  });
});

describe('a proof', () => {
  test('with a fault is refused with an audit row, and leaves the assertion good', async () => {
    const userAssertion = await about(server, reader);
    const refusal = {
      story: 'a proof for GET',
      sent: async () => sentBy(reader, await tokenProof({ htm: 'GET' }), userAssertion),
      status: 400,
      error: 'invalid_dpop_proof',
      deniedTo: 'fernhill-records',
    } as const;
    expectRefused(refusal, await observe(server, [refusal]));
    expect(outcome(await ask(reader, await tokenProof(), userAssertion))).toBe('200');
  });

  test('serves one assertion', async () => {
    const dpop = await tokenProof();
    const userAssertion = await about(server, reader);
    expect(outcome(await ask(reader, dpop))).toBe('200');
    expect(outcome(await ask(reader, dpop, userAssertion))).toBe('400 invalid_dpop_proof');
    expect(outcome(await ask(reader, await tokenProof(), userAssertion))).toBe('200');
  });

  test('is left good by an assertion that is refused', async () => {
    const dpop = await tokenProof();
    const foreign = await about(server, reader, { aud: 'https://other.example.test' });
    expect(outcome(await ask(reader, dpop, foreign))).toBe('400 invalid_grant');
    expect(outcome(await ask(reader, dpop))).toBe('200');
  });

  test.for(['first', 'last'])('serves one grant: the assertion comes %s', async (turn) => {
    const dpop = await tokenProof();
    const systemic = {
      grant_type: 'client_credentials',
      scope: 'system/Flag.read',
      resource: 'https://spine.example.test/raflags/STU3',
    };
    const calls = [() => ask(reader, dpop), () => send(server, request(systemic, reader.client, dpop))];
    if (turn === 'last') calls.reverse();
    const outcomes: string[] = [];
    for (const call of calls) outcomes.push(outcome(await call()));
    expect(outcomes).toEqual(['200', '400 invalid_dpop_proof']);
  });

  test('of 50 requests at once about Dr Shah serves one', async () => {
    const dpop = await tokenProof();
    const requests = await Promise.all(Array.from({ length: 50 }, () => sentBy(reader, dpop)));
    const answers = await Promise.all(requests.map((one) => send(server, one)));
    expect(answers.map(outcome).toSorted()).toEqual([
      '200',
      ...Array<string>(49).fill('400 invalid_dpop_proof'),
    ]);
  });
});
