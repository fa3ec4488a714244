import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  expectInvalidGrant,
  keteSpa,
  newFamily,
  outcome,
  refreshForm,
  spaChange,
  tokenRequest,
} from '../../support/exchange.ts';
import { basic, form, type Sent, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  type Authorised,
  authorisationRequest,
  authorise,
  createVisitor,
  exchangeForm,
  keteWeb,
  type Visitor,
} from '../../support/visitor.ts';

/** How an exchange has to be sent, and what a code without a challenge is worth. */

let server: TestServer;
let visitor: Visitor;
let authorised: Authorised;

const kete = basic(...keteWeb);

beforeAll(async () => {
  server = await startServer();
  visitor = createVisitor(server.issuer);
});
beforeEach(async () => {
  authorised = await authorise(server, { visitor });
});
afterAll(() => server.close());

const body = () => new URLSearchParams(exchangeForm(authorised)).toString();
const json = () => JSON.stringify(exchangeForm(authorised));

const wrong: readonly [string, () => Sent, RegExp][] = [
  ['by GET', () => ({ method: 'GET', path: `/token?${body()}`, headers: kete }), /^40[45]$/],
  ['by PUT', () => ({ ...form(exchangeForm(authorised), kete), method: 'PUT' }), /^40[45]$/],
  ['in the query', () => ({ ...form({}, kete), path: `/token?${body()}` }), /^400$/],
  [
    'partly in the query',
    () => ({
      ...form({ ...exchangeForm(authorised), code: '' }, kete),
      path: `/token?code=${authorised.code}`,
    }),
    /^400$/,
  ],
  ['as JSON', () => ({ headers: { ...kete, 'Content-Type': 'application/json' }, body: json() }), /^400$/],
  ['without a content type', () => ({ headers: kete, body: body() }), /^400$/],
  ['as plain text', () => ({ headers: { ...kete, 'Content-Type': 'text/plain' }, body: body() }), /^400$/],
  [
    'as an upload',
    () => ({ headers: { ...kete, 'Content-Type': 'multipart/form-data; boundary=x' }, body: body() }),
    /^400$/,
  ],
  [
    'in a body beyond all measure',
    () => form({ ...exchangeForm(authorised), more: 'a'.repeat(70_000) }, kete),
    /^4(00|13)$/,
  ],
];

describe('TK-05 an exchange that is sent', () => {
  test.each(wrong)(
    '%s is refused, kept by no cache, and leaves the code good',
    async (_how, sent, status) => {
      const answer = await send(server, sent());
      expect(String(answer.status)).toMatch(status);
      expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
      expect(answer.body).not.toContain('access_token');
      expect(outcome(await tokenRequest(server, exchangeForm(authorised)))).toBe('200');
    },
  );

  test.each(['https://evil.example.test', 'http://127.0.0.1:8090', 'null'])(
    'from a page at %s cannot be read there, when the client has a secret',
    async (origin) => {
      const answer = await send(server, form(exchangeForm(authorised), { ...kete, Origin: origin }));
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    },
  );

  test('from the page of an application in a browser can be read there, and nowhere else', async () => {
    const { first } = await newFamily(server, { change: spaChange, client: keteSpa });
    const from = async (origin: string) =>
      (
        await send(
          server,
          form(
            { ...refreshForm('unknown'), client_id: 'kete-spa', unused: String(first.expires_in) },
            { Origin: origin },
          ),
        )
      ).headers['access-control-allow-origin'];
    expect(await from('http://127.0.0.1:8090')).toBe('http://127.0.0.1:8090');
    expect(await from('https://evil.example.test')).toBeUndefined();
  });
});

describe('PK-03 the downgrade of PKCE', () => {
  test('a request without a challenge never yields a code', async () => {
    const request = authorisationRequest(server.issuer, {
      code_challenge: undefined,
      code_challenge_method: undefined,
    });
    const page = await visitor.follow(await visitor.get(request.url));
    const answer = new URL(page.location ?? 'about:blank').searchParams;
    expect(answer.get('error')).toBe('invalid_request');
    expect(answer.get('code')).toBeNull();
  });

  test('a code without a challenge is worth nothing with a verifier', async () => {
    await server.sql(
      `UPDATE oidc_artefacts SET payload = payload - 'codeChallenge' - 'codeChallengeMethod'
       WHERE model = 'AuthorizationCode' AND consumed_at IS NULL`,
    );
    expectInvalidGrant(await tokenRequest(server, exchangeForm(authorised)));
  });

  test('the verifier of a second request does not open the code of the first', async () => {
    const second = await authorise(server, { visitor });
    const mixed = { ...exchangeForm(authorised), code_verifier: second.verifier };
    expectInvalidGrant(await tokenRequest(server, mixed));
    expect(outcome(await tokenRequest(server, exchangeForm(second)))).toBe('200');
  });
});
