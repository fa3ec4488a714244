import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { basic, rawBasic, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { keteWeb } from '../../support/visitor.ts';
import { asSeen } from '../token-endpoint/refusals.ts';
import { provingEndpoints, provingNames, requestTo } from './endpoints.ts';

/** Wrong, absent and doubled proofs of a client, at every endpoint that takes one. */

const [clientId, secret] = keteWeb;

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

test('CA-01 discovery names no other endpoint at which a client proves who it is', async () => {
  const response = await fetch(`${server.issuer}/.well-known/openid-configuration`);
  const document = (await response.json()) as Record<string, string>;
  const pages = ['authorization_endpoint', 'end_session_endpoint', 'userinfo_endpoint'];
  const named = Object.keys(document).filter((name) => name.endsWith('_endpoint') && !pages.includes(name));
  expect(named.toSorted()).toEqual(provingNames.toSorted());
  for (const name of provingNames) expect(document[name]).toBe(`${server.issuer}${provingEndpoints[name]}`);
});

const forKete = () =>
  assertion(demoKey(server, 'clinic-jwt'), clientId, server.issuer).then((jwt) => assertionForm(jwt));

const forClinic = () =>
  assertion(demoKey(server, 'clinic-jwt'), 'clinic-jwt', server.issuer).then((jwt) => assertionForm(jwt));

/** What is sent to prove who one is: parameters, and headers. */
type Proof = readonly [parameters: Readonly<Record<string, string>>, headers?: Record<string, string>];

const refused: readonly (readonly [what: string, status: 400 | 401, make: () => Proof | Promise<Proof>])[] = [
  ['a wrong secret', 401, () => [{}, basic(clientId, 'wrong')]],
  ['an unknown client', 401, () => [{ client_id: 'nobody' }, basic('nobody', secret)]],
  ['the secret in another case', 401, () => [{}, basic(clientId, secret.toUpperCase())]],
  ['client_id only', 401, () => [{ client_id: clientId }]],
  [
    'the secret in the body, which is not offered',
    401,
    () => [{ client_id: clientId, client_secret: secret }],
  ],
  ['an assertion of a client that has a secret', 401, async () => [await forKete()]],
  ['an empty secret', 400, () => [{}, rawBasic(`${clientId}:`)]],
  ['Basic without a colon', 400, () => [{}, rawBasic(clientId)]],
  ['Basic that is no base64', 400, () => [{}, { Authorization: 'Basic %%%' }]],
  ['Basic without anything', 400, () => [{}, { Authorization: 'Basic' }]],
  ['Basic and a secret in the body', 400, () => [{ client_secret: secret }, basic(clientId, secret)]],
  ['Basic and an assertion', 400, async () => [await forClinic(), basic(clientId, secret)]],
  [
    'another client_id than the user of Basic',
    400,
    () => [{ client_id: 'kete-spa' }, basic(clientId, secret)],
  ],
  [
    'another client_id than the subject of the assertion',
    400,
    async () => [{ ...(await forClinic()), client_id: clientId }],
  ],
  ['an assertion without its type', 400, async () => [{ client_assertion: 'a.b.c' }]],
];

describe.for(provingNames)('CA-01 at the %s', (endpoint) => {
  const ask = async (proof: Proof, who: string = clientId) => {
    const [parameters, headers = {}] = proof;
    return send(server, requestTo(endpoint, { issuer: server.issuer, clientId: who }, parameters, headers));
  };

  test.for(refused)('%s: %i', async ([, status, make]) => {
    const proof = await make();
    const answer = await ask(proof);
    const error = status === 401 ? 'invalid_client' : 'invalid_request';
    expect({ status: answer.status, ...JSON.parse(answer.body) }).toMatchObject({ status, error });
    expect(answer.headers['cache-control']).toBe('no-store');
    const [, headers] = proof;
    if (status === 401 && headers?.Authorization !== undefined)
      expect(answer.headers['www-authenticate']).toMatch(/^Basic realm="/);
    expect(answer.body).not.toMatch(/access_token|request_uri|"active"/);
  });

  test('nothing at all: 400 or 401', async () => {
    const answer = await ask([{ client_id: '' }]);
    expect([400, 401]).toContain(answer.status);
    expect(['invalid_request', 'invalid_client']).toContain(JSON.parse(answer.body).error);
  });

  test('an unknown client is refused as a wrong secret is, to the last header', async () => {
    const answers = await Promise.all(
      [clientId, 'nobody'].map((name) => ask([{ client_id: name }, basic(name, 'wrong')], name)),
    );
    const [known, unknown] = answers.map(asSeen);
    expect(known).toEqual(unknown);
    expect(known?.status).toBe(401);
  });

  test('the right secret is taken', async () => {
    expect((await ask([{}, basic(clientId, secret)])).status).not.toBe(401);
  });
});
