import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { onServer } from '../../support/database.ts';
import { type Credentials, outcome, refreshForm, tokenRequest } from '../../support/exchange.ts';
import { register, send, startNode, type TestNode } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { authorise, createVisitor, exchangeForm, keteWeb, type TokenAnswer } from '../../support/visitor.ts';
import { createQuick, type Quick } from '../exchange/quick.ts';
import { tally } from '../token-endpoint/refusals.ts';
import {
  asClient,
  backEnd,
  changeFor,
  createProofKey,
  type ProofKey,
  proof,
  prove,
  registerClients,
  request,
  strictKeys,
} from './proof.ts';

/** A proof serves one request (RFC 9449 section 11.1), whatever else is right about the next one. */

const PARALLEL = 50;
const ROUNDS = onServer ? 20 : 4;

const used = '400 invalid_dpop_proof';

let server: TestServer;
let second: TestNode | undefined;
let quick: Quick;
let key: ProofKey;

beforeAll(async () => {
  server = await startServer();
  second = onServer ? await startNode(server) : undefined;
  quick = createQuick(second === undefined ? [server] : [server, second], PARALLEL);
  key = await createProofKey();
  await registerClients(server);
});
afterEach(() => shiftTime(0));
afterAll(async () => {
  quick.close();
  await second?.close();
  await server.close();
});

const adminToken = () => ({
  grant_type: 'client_credentials',
  scope: 'admin.read',
  resource: `${server.issuer}/api/admin/v1`,
});

const tokenProof = (claims: Readonly<Record<string, unknown>> = {}) =>
  proof(key, `${server.issuer}/token`, { claims });

const ask = async (dpop: string, client: Credentials = backEnd) =>
  outcome(await send(server, request(adminToken(), client, dpop)));

/** How many of many requests at once were answered how. */
async function race(parameters: Readonly<Record<string, string>>, client: Credentials, dpop: string) {
  const { headers = {}, body = '' } = request(parameters, client, dpop);
  const answers = await quick.together(body, headers);
  const counts: Record<string, number> = {};
  for (const { outcome: one } of answers) counts[one] = (counts[one] ?? 0) + 1;
  return counts;
}

const oneWinner = { 200: 1, [used]: PARALLEL - 1 };

describe('one proof, used many times at once,', () => {
  test(`gives one token to a system, ${ROUNDS} rounds`, { timeout: 120_000 }, async () => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const before = await tally(server);
      expect(await race(adminToken(), backEnd, await tokenProof())).toEqual(oneWinner);
      const after = await tally(server);
      expect({ issued: after.issued, guards: after.guards }).toEqual({
        issued: Number(before.issued) + 1,
        guards: Number(before.guards) + 1,
      });
    }
  });

  test('gives one token for a refresh token that stays', { timeout: 120_000 }, async () => {
    const code = await authorise(server, { change: changeFor(strictKeys) });
    const answer = await prove(server, key, exchangeForm(code), strictKeys);
    const { refresh_token: token } = JSON.parse(answer.body) as TokenAnswer;
    const dpop = await tokenProof();
    // Each with an assertion of its own: that is used once, too.
    const answers = await Promise.all(
      Array.from({ length: PARALLEL }, async () =>
        send(server, request(await asClient(server, refreshForm(token), strictKeys), strictKeys, dpop)),
      ),
    );
    expect(answers.map(outcome).toSorted()).toEqual(['200', ...Array<string>(PARALLEL - 1).fill(used)]);
  });

  test('exchanges one of several codes, and the others stay good', async () => {
    const visitor = createVisitor(server.issuer);
    const codes: Awaited<ReturnType<typeof authorise>>[] = [];
    for (let count = 0; count < 8; count += 1) codes.push(await authorise(server, { visitor }));
    const dpop = await tokenProof();
    const first = await Promise.all(
      codes.map(async (code) => outcome(await send(server, request(exchangeForm(code), keteWeb, dpop)))),
    );
    expect(first.toSorted()).toEqual(['200', ...Array<string>(7).fill(used)]);
    const losers = codes.filter((_code, index) => first[index] !== '200');
    for (const code of losers)
      expect(outcome(await prove(server, key, exchangeForm(code), keteWeb))).toBe('200');
  });
});

describe('one proof, used again later,', () => {
  test('is refused, leaves nothing but a denial, and a node that never saw it refuses it, too', async () => {
    const dpop = await tokenProof();
    expect(await ask(dpop)).toBe('200');
    const before = await tally(server);
    expect(await ask(dpop)).toBe(used);
    const fresh = await startNode(server);
    const answer = await send(fresh, request(adminToken(), backEnd, dpop)).finally(fresh.close);
    expect(outcome(answer)).toBe(used);
    expect(await tally(server)).toEqual(before);
  });

  test.each([290, -290])('is refused for as long as its iat is good: dated %i s ahead', async (ahead) => {
    const dpop = await tokenProof({ iat: Math.floor(Date.now() / 1000) + ahead });
    expect(await ask(dpop)).toBe('200');
    const [row] = await server.sql<{ expires_at: Date }>(
      'SELECT max(expires_at) AS expires_at FROM replay_guards',
    );
    expect(row?.expires_at.getTime()).toBeGreaterThanOrEqual(Date.now() + (ahead + 300) * 1000 - 5000);
    if (ahead > 0) shiftTime(580);
    expect(await ask(dpop)).toBe(used);
  });

  test('is refused also in another grant', async () => {
    const dpop = await tokenProof();
    const both: Credentials = ['both-grants', 'a-secret-of-both-grants-that-is-long-enough'];
    await register(server, {
      client_id: both[0],
      client_secret: both[1],
      grant_types: ['client_credentials', 'authorization_code'],
      redirect_uris: ['http://127.0.0.1:8090/cb'],
      organization: 'platform',
      apis: { 'admin-api': 'admin.read', 'demo-fhir': 'launch/patient patient/*.rs' },
    });
    expect(await ask(dpop, both)).toBe('200');
    const change = { ...changeFor(both), scope: 'patient/*.rs' };
    const code = await authorise(server, { change });
    expect(outcome(await send(server, request(exchangeForm(code), both, dpop)))).toBe(used);
    expect(outcome(await tokenRequest(server, exchangeForm(code), both))).toBe('200');
  });
});

describe('an identifier', () => {
  const flag = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
  const inSpine = { ...flag, resource: 'https://spine.example.test/raflags/STU3' };

  /** A request with an assertion and a proof that have given identifiers. */
  async function withBoth(assertionJti: string, proofJti: string): Promise<string> {
    const jwt = await assertion(demoKey(server, 'clinic-jwt'), 'clinic-jwt', server.issuer, {
      jti: assertionJti,
    });
    const { headers = {}, body = '' } = request(
      { ...inSpine, ...assertionForm(jwt) },
      ['clinic-jwt'],
      await tokenProof({ jti: proofJti }),
    );
    return outcome(await send(server, { headers, body }));
  }

  test('may be that of the assertion and of the proof in one request', async () => {
    const jti = crypto.randomUUID();
    expect(await withBoth(jti, jti)).toBe('200');
    expect(await withBoth(crypto.randomUUID(), jti)).toBe(used);
    expect(await withBoth(jti, crypto.randomUUID())).toBe('401 invalid_client');
  });

  test('of one client is not that of another, whatever their names are', async () => {
    const shared = {
      grant_types: ['client_credentials'],
      client_secret: 'a-secret-of-the-two-that-is-long-enough',
      organization: 'platform',
      apis: { 'admin-api': 'admin.read' },
    };
    await register(server, { ...shared, client_id: 'ward' }, { ...shared, client_id: 'ward-b' });
    const jti = crypto.randomUUID();
    const of = (clientId: string): Credentials => [clientId, shared.client_secret];
    expect(await ask(await tokenProof({ jti: `-b${jti}` }), of('ward'))).toBe('200');
    expect(await ask(await tokenProof({ jti }), of('ward-b'))).toBe('200');
    expect(await ask(await tokenProof({ jti }), of('ward'))).toBe('200');
    expect(await ask(await tokenProof({ jti }), of('ward'))).toBe(used);
  });
});
