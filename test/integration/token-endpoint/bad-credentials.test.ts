import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { basic, form, rawBasic, type Sent, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  asSeen,
  behindProxy,
  expectErrorAnswer,
  expectRefused,
  observe,
  type Refusal,
  titleOf,
} from './refusals.ts';

/** Client authentication that fails (CA-01 of the threat model): each case of an absent, wrong or doubled proof. */

let server: TestServer;
let observations: Awaited<ReturnType<typeof observe>>;

const grant = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
const secret = 'demo-secret-clinic-backend';

const signed = () => assertion(demoKey(server, 'clinic-jwt'), 'clinic-jwt', server.issuer);

async function strangersKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES384', { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: 'ES384' };
}

const anonymous401 = { status: 401, error: 'invalid_client' } as const;
const anonymous400 = { status: 400, error: 'invalid_request' } as const;

/** The header of a method that is off: an unsigned claim to be the client, which proves nothing. */
const attestation = (clientId: string) => ({
  'OAuth-Client-Attestation': ['{"alg":"none"}', JSON.stringify({ sub: clientId }), '']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.'),
});

const refusals: readonly Refusal[] = [
  { story: 'an unknown client', sent: form(grant, basic('nobody', secret)), ...anonymous401 },
  { story: 'a wrong secret', sent: form(grant, basic('clinic-backend', 'wrong')), ...anonymous401 },
  {
    story: 'the secret of another client',
    sent: form(grant, basic('clinic-backend', 'demo-secret-admin-cli')),
    ...anonymous401,
  },
  {
    story: 'the secret in other letters',
    sent: form(grant, basic('clinic-backend', secret.toUpperCase())),
    ...anonymous401,
  },
  {
    story: 'the hash of the secret, as a reader of the database would have it',
    sent: async () => {
      const [row] = await server.sql<{ hash: string }>(
        "SELECT hash FROM client_secrets WHERE client_id = 'clinic-backend'",
      );
      return form(grant, basic('clinic-backend', row?.hash ?? ''));
    },
    ...anonymous401,
  },
  { story: 'an empty secret', sent: form(grant, basic('clinic-backend', '')), ...anonymous400 },
  { story: 'an empty user', sent: form(grant, basic('', secret)), ...anonymous400 },
  { story: 'Basic without a colon', sent: form(grant, rawBasic('clinic-backend')), ...anonymous400 },
  { story: 'Basic that is not base64', sent: form(grant, { Authorization: 'Basic !!!!' }), ...anonymous400 },
  { story: 'Basic without a value', sent: form(grant, { Authorization: 'Basic' }), ...anonymous400 },
  {
    story: 'Basic with a broken percent escape',
    sent: form(grant, rawBasic('clinic-backend:%zz')),
    ...anonymous400,
  },
  {
    story: 'Basic with a control character in the secret',
    sent: form(grant, rawBasic('clinic-backend:a%0Ab')),
    ...anonymous400,
  },
  { story: 'another scheme than Basic', sent: form(grant, { Authorization: 'Bearer abc' }), ...anonymous400 },
  { story: 'client_id only', sent: form({ ...grant, client_id: 'clinic-backend' }), ...anonymous401 },
  { story: 'an unknown client_id only', sent: form({ ...grant, client_id: 'nobody' }), ...anonymous401 },
  { story: 'nothing at all', sent: form(grant), ...anonymous400 },
  {
    story: 'the right secret in the body (client_secret_post)',
    sent: form({ ...grant, client_id: 'clinic-backend', client_secret: secret }),
    ...anonymous401,
  },
  {
    story: 'a secret for a client of private_key_jwt',
    sent: form(grant, basic('clinic-jwt', 'demo-secret-clinic-jwt')),
    ...anonymous401,
  },
  {
    story: 'an assertion for a client of client_secret_basic',
    sent: async () => {
      const jwt = await assertion(await strangersKey(), 'clinic-backend', server.issuer);
      return form({ ...grant, ...assertionForm(jwt) });
    },
    ...anonymous401,
  },
  {
    story: 'Basic and a secret in the body',
    sent: form({ ...grant, client_secret: secret }, basic('clinic-backend', secret)),
    ...anonymous400,
  },
  {
    story: 'Basic and an assertion',
    sent: async () => form({ ...grant, ...assertionForm(await signed()) }, basic('clinic-backend', secret)),
    ...anonymous400,
  },
  {
    story: 'an assertion and a secret in the body',
    sent: async () => form({ ...grant, ...assertionForm(await signed()), client_secret: 'any' }),
    ...anonymous400,
  },
  {
    story: 'a client_id other than the user of Basic',
    sent: form({ ...grant, client_id: 'admin-cli' }, basic('clinic-backend', secret)),
    ...anonymous400,
  },
  {
    story: 'a client_id other than the sub of the assertion',
    sent: async () => form({ ...grant, ...assertionForm(await signed()), client_id: 'admin-cli' }),
    ...anonymous400,
  },
  {
    story: 'an assertion without its type',
    sent: async () => form({ ...grant, client_assertion: await signed() }),
    ...anonymous400,
  },
  {
    story: 'an assertion of another type (SAML)',
    sent: async () =>
      form({
        ...grant,
        ...assertionForm(await signed()),
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
      }),
    ...anonymous400,
  },
  {
    story: 'an assertion that is no JWT',
    sent: form({ ...grant, ...assertionForm('not.a.jwt') }),
    ...anonymous400,
  },
  {
    story: 'an assertion in five parts (JWE)',
    sent: form({ ...grant, ...assertionForm('a.b.c.d.e') }),
    ...anonymous400,
  },
  // The method is off, so its header must have no effect: what is left is a client_id only, or nothing at all.
  // A row in the audit would put words into the client's mouth.
  {
    story: 'an unsigned client attestation beside a client_id',
    sent: form({ ...grant, client_id: 'clinic-backend' }, attestation('clinic-backend')),
    ...anonymous401,
  },
  {
    story: 'an unsigned client attestation beside a grant type that the client may not use',
    sent: form(
      { grant_type: 'authorization_code', client_id: 'clinic-backend' },
      attestation('clinic-backend'),
    ),
    ...anonymous401,
  },
  {
    story: 'an unsigned client attestation alone',
    sent: form(grant, attestation('clinic-backend')),
    ...anonymous400,
  },
];

beforeAll(async () => {
  server = await startServer(behindProxy);
  observations = await observe(server, refusals);
});

afterAll(() => server.close());

describe('CA-01 client authentication that proves nothing', () => {
  for (const refusal of refusals) {
    test(titleOf(refusal), () => expectRefused(refusal, observations));
  }
});

describe('CA-01 what an outsider can tell apart', () => {
  const pairs: readonly [string, Sent, Sent][] = [
    ['with Basic', form(grant, basic('nobody', 'wrong')), form(grant, basic('clinic-backend', 'wrong'))],
    [
      'with a secret in the body',
      form({ ...grant, client_id: 'nobody', client_secret: 'wrong' }),
      form({ ...grant, client_id: 'clinic-backend', client_secret: 'wrong' }),
    ],
    [
      'with an unsigned client attestation',
      form({ ...grant, client_id: 'nobody' }, attestation('nobody')),
      form({ ...grant, client_id: 'clinic-backend' }, attestation('clinic-backend')),
    ],
    [
      'with client_id only',
      form({ ...grant, client_id: 'nobody' }),
      form({ ...grant, client_id: 'clinic-backend' }),
    ],
  ];

  test.for(pairs)('%s, an unknown client is refused like a known one', async ([, unknown, known]) => {
    const answers = await Promise.all([send(server, unknown), send(server, known)]);
    const [first, second] = answers.map(asSeen);
    expect(first).toEqual(second);
    expect(first?.status).toBe(401);
  });

  test('with an assertion signed by a stranger, an unknown client is refused like a known one', async () => {
    const key = await strangersKey();
    const answers = await Promise.all(
      ['nobody', 'clinic-jwt'].map(async (clientId) =>
        send(server, form({ ...grant, ...assertionForm(await assertion(key, clientId, server.issuer)) })),
      ),
    );
    for (const answer of answers) {
      expectErrorAnswer(answer, { status: 401, error: 'invalid_client', usedAuthorization: false });
    }
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  });
});

describe('what passes', () => {
  test('TK-06 the right secret, of the same server: no refresh token and no ID token', async () => {
    const answer = await send(server, form(grant, basic('clinic-backend', secret)));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({
      access_token: expect.any(String),
      expires_in: 300,
      scope: 'system/Flag.read',
      token_type: 'Bearer',
    });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('client_id repeated in the body, when it is the user of Basic', async () => {
    const answer = await send(
      server,
      form({ ...grant, client_id: 'clinic-backend' }, basic('clinic-backend', secret)),
    );
    expect(answer.status).toBe(200);
  });

  test.for(['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'])(
    '%s without a value, which counts as left out (RFC 6749 section 3.2)',
    async (name) => {
      const answer = await send(server, form({ ...grant, [name]: '' }, basic('clinic-backend', secret)));
      expect(answer).toMatchObject({ status: 200 });
    },
  );
});
