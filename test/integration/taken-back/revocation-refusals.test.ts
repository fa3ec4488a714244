import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Credentials,
  keteSpa,
  outcome,
  refreshForm,
  registerLab,
  spaChange,
  tokenRequest,
} from '../../support/exchange.ts';
import { type Answer, basic, form, type Sent, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { endings, expectDone, revoke } from '../../support/taken-back.ts';
import { authorise, exchangeForm, keteWeb } from '../../support/visitor.ts';
import { addNotes, isActiveAt } from '../attacks/jwts.ts';
import { type Family, families } from './families.ts';

/** What cannot be taken back, or not by whoever tries: the answer tells no more than it must, and nothing ends. */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await addNotes(server);
  await registerLab(server);
});
afterAll(() => server.close());

const at = (sent: Sent): Promise<Answer> => send(server, { ...sent, path: '/token/revocation' });

const errorOf = ({ body }: Answer) => (JSON.parse(body) as { error?: string }).error;

describe.for(families)('$what', ({ api, client, other, start }) => {
  let family: Family;
  beforeAll(async () => {
    family = await start(server);
  });

  const tokens = () => [family.first.access_token, family.first.refresh_token ?? ''];

  async function expectAlive(): Promise<void> {
    expect(await isActiveAt(server, api, family.first.access_token)).toBe(true);
    expect(await endings(server)).toEqual([]);
    const left = await server.sql('SELECT kind FROM revocations');
    expect(left).toEqual([]);
  }

  test('another client that proves who it is is told so: 400 invalid_request', async () => {
    for (const token of tokens()) {
      const answer = await revoke(server, token, other);
      expect({ status: answer.status, body: JSON.parse(answer.body) }).toEqual({
        status: 400,
        body: { error: 'invalid_request', error_description: expect.any(String) },
      });
      expect(answer.headers).toMatchObject({
        'cache-control': 'no-store',
        'content-type': 'application/json; charset=utf-8',
      });
    }
    await expectAlive();
  });

  test('another client that proves nothing is told nothing', async () => {
    for (const token of tokens()) expectDone(await revoke(server, token, keteSpa));
    await expectAlive();
  });

  test('the resource server of the API may ask about them, not take them back', async () => {
    const secret =
      api === 'demo-fhir' ? 'demo-secret-demo-fhir-server' : `${api}-server-secret-for-tests-only`;
    const resourceServer: Credentials = [api === 'demo-fhir' ? 'demo-fhir-server' : `${api}-server`, secret];
    for (const token of tokens()) {
      const answer = await revoke(server, token, resourceServer);
      expect({ status: answer.status, error: errorOf(answer) }).toEqual({
        status: 400,
        error: 'invalid_request',
      });
    }
    await expectAlive();
  });

  test.for<[string, () => Readonly<Record<string, string>>, number, string]>([
    ['a wrong secret', () => basic(client[0], 'wrong'), 401, 'invalid_client'],
    ['an unknown name', () => basic('nobody', 'wrong'), 401, 'invalid_client'],
    ['nothing', () => ({}), 400, 'invalid_request'],
    [
      'the token itself',
      () => ({ Authorization: `Bearer ${family.first.access_token}` }),
      400,
      'invalid_request',
    ],
  ])('whoever shows %s takes nothing back', async ([, headers, status, error]) => {
    for (const token of tokens()) {
      const answer = await at(form({ token }, headers()));
      expect({ status: answer.status, error: errorOf(answer) }).toEqual({ status, error });
      if (status === 401) expect(answer.headers['www-authenticate']).toMatch(/^Basic /);
      expect(answer.headers['cache-control']).toBe('no-store');
    }
    await expectAlive();
  });

  test('the name of its client alone takes nothing back', async () => {
    for (const token of tokens()) expect((await revoke(server, token, [client[0]])).status).toBe(401);
    await expectAlive();
  });

  test.for(['GET', 'PUT', 'DELETE', 'HEAD'])('%s takes nothing back', async (method) => {
    const path = `/token/revocation?${new URLSearchParams({ token: family.first.access_token })}`;
    const headers = basic(client[0], client[1] ?? '');
    expect([404, 405]).toContain((await send(server, { method, path, headers })).status);
    await expectAlive();
  });

  test.for<[string, (token: string) => Sent]>([
    ['without a token', () => form({})],
    ['with an empty token', () => form({ token: '' })],
    [
      'with two tokens',
      (token) =>
        form([
          ['token', token],
          ['token', token],
        ] as const),
    ],
    ['with a body that is too long', (token) => form({ token, more: 'a'.repeat(57 * 1024) })],
    [
      'with JSON',
      (token) => ({ headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token }) }),
    ],
  ])('a request %s is none', async ([, make]) => {
    const sent = make(family.first.access_token);
    const headers = { ...sent.headers, ...basic(client[0], client[1] ?? '') };
    const answer = await at({ ...sent, headers });
    expect([400, 413]).toContain(answer.status);
    expect(errorOf(answer)).toBe('invalid_request');
    await expectAlive();
  });

  test('after all that they are good', async () => {
    await expectAlive();
    expect(outcome(await tokenRequest(server, refreshForm(family.first.refresh_token), client))).toBe('200');
  });
});

describe('what is no token of anybody', () => {
  const garbage = [
    'a',
    'a'.repeat(43),
    'a'.repeat(20_000),
    'a.b.c',
    '.',
    '..',
    'é\u{1f600}',
    `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.e30.`,
  ];

  test.for([keteWeb, keteSpa] as const)('is answered as if it had been: %s', async (client) => {
    for (const token of garbage) {
      expectDone(await revoke(server, token, client));
      expectDone(await revoke(server, token, client, { token_type_hint: 'refresh_token' }));
    }
    expect(await endings(server)).toEqual([]);
  });

  test('U+0000 in a token is a bad request or no token, never a fault', async () => {
    expect([200, 400]).toContain((await revoke(server, 'a\0b', keteWeb)).status);
  });

  test('neither is a code, which is good afterwards', async () => {
    const authorised = await authorise(server, { change: spaChange });
    expectDone(await revoke(server, authorised.code, keteSpa));
    expect(outcome(await tokenRequest(server, exchangeForm(authorised), keteSpa))).toBe('200');
  });

  test('nor an ID token', async () => {
    const [kind] = families;
    const { first } = (await kind?.start(server)) ?? {};
    const { status } = await revoke(server, first?.id_token, keteWeb);
    expect(status).toBe(200);
    expect(await isActiveAt(server, 'demo-fhir', first?.access_token ?? '')).toBe(true);
  });
});
