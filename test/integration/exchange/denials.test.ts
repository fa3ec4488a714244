import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  expectInvalidGrant,
  keteSpa,
  labWeb,
  outcome,
  refreshForm,
  registerLab,
  spaChange,
  tokenRequest,
  tryRefresh,
} from '../../support/exchange.ts';
import { basic, form, rawBasic, type Sent } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  type Authorised,
  authorise,
  createVisitor,
  exchange,
  exchangeForm,
  keteWeb,
  type TokenAnswer,
} from '../../support/visitor.ts';
import { behindProxy, expectRefused, observe, type Refusal, titleOf } from '../token-endpoint/refusals.ts';

/**
 * Everything that can be wrong with the exchange of a code or refresh token, each leaving one trace of its denial and
 * nothing else: the same code, and the same refresh token, are good at the end of it all.
 */

let server: TestServer;
let observations: Awaited<ReturnType<typeof observe>>;
let authorised: Authorised;
let forSpa: Authorised;
let tokens: TokenAnswer;

const kete = basic(...keteWeb);
const lab = basic(labWeb[0], labWeb[1] ?? '');

const withCode =
  (change: Readonly<Record<string, string | undefined>> = {}, headers: Sent['headers'] = kete) =>
  () => {
    const pairs = Object.entries({ ...exchangeForm(authorised), ...change });
    return form(
      pairs.filter((pair): pair is [string, string] => pair[1] !== undefined),
      headers,
    );
  };
const withToken =
  (change: Readonly<Record<string, string>> = {}, headers: Sent['headers'] = kete) =>
  () =>
    form(refreshForm(tokens.refresh_token, change), headers);

const toKete = { deniedTo: 'kete-web' } as const;
const grantDenied = { status: 400, error: 'invalid_grant', ...toKete } as const;
const requestDenied = { status: 400, error: 'invalid_request', ...toKete } as const;
const clientDenied = { status: 401, error: 'invalid_client' } as const;

const other = 'a'.repeat(43);

/** Refused codes and refresh tokens: their answers are equal to the byte. */
const grants: readonly Refusal[] = [
  { story: 'TK-02 the code of another client', sent: withCode({}, lab), ...grantDenied, deniedTo: 'lab-web' },
  {
    story: 'TK-02 the code of a confidential client, from one in a browser',
    sent: withCode({ client_id: 'kete-spa' }, {}),
    // A name is no proof: whoever says it is counted, as everybody who proved nothing.
    status: 400,
    error: 'invalid_grant',
  },
  { story: 'a code that never was', sent: withCode({ code: other }), ...grantDenied },
  { story: 'PK-02 a wrong verifier', sent: withCode({ code_verifier: other }), ...grantDenied },
  { story: 'PK-02 no verifier', sent: withCode({ code_verifier: undefined }), ...grantDenied },
  { story: 'PK-02 an empty verifier', sent: withCode({ code_verifier: '' }), ...grantDenied },
  {
    story: 'PK-02 the verifier of another session',
    sent: () => withCode({ code_verifier: forSpa.verifier })(),
    ...grantDenied,
  },
  {
    story: 'another registered redirect_uri',
    sent: () => withCode({ redirect_uri: `${server.issuer}/demo/callback` })(),
    ...grantDenied,
  },
  {
    story: 'a redirect_uri with a slash more',
    sent: withCode({ redirect_uri: 'http://127.0.0.1:8090/cb/' }),
    ...grantDenied,
  },
  {
    story: 'RT-02 the refresh token of another client',
    sent: withToken({}, lab),
    ...grantDenied,
    deniedTo: 'lab-web',
  },
  {
    story: 'RT-02 the refresh token of a confidential client, from one in a browser',
    sent: withToken({ client_id: 'kete-spa' }, {}),
    status: 400,
    error: 'invalid_grant',
  },
  { story: 'a refresh token that never was', sent: withToken({ refresh_token: other }), ...grantDenied },
  {
    story: 'an access token in the place of a refresh token',
    sent: () => withToken({ refresh_token: tokens.access_token })(),
    ...grantDenied,
  },
  {
    story: 'a code in the place of a refresh token',
    sent: () => withToken({ refresh_token: authorised.code })(),
    ...grantDenied,
  },
  {
    story: 'a refresh token in the place of a code',
    sent: () => withCode({ code: tokens.refresh_token })(),
    ...grantDenied,
  },
  { story: 'a code of 20 000 characters', sent: withCode({ code: 'a'.repeat(20_000) }), ...grantDenied },
  {
    story: 'a refresh token of 20 000 characters',
    sent: withToken({ refresh_token: 'a'.repeat(20_000) }),
    ...grantDenied,
  },
  { story: 'a code of other letters', sent: withCode({ code: '\u{1f600}é' }), ...grantDenied },
];

const others: readonly Refusal[] = [
  {
    story: 'PK-02 a verifier that is too short',
    sent: withCode({ code_verifier: 'a'.repeat(42) }),
    ...requestDenied,
  },
  {
    story: 'PK-02 a verifier that is too long',
    sent: withCode({ code_verifier: 'a'.repeat(129) }),
    ...requestDenied,
  },
  { story: 'no code', sent: withCode({ code: undefined }), ...requestDenied },
  { story: 'no redirect_uri', sent: withCode({ redirect_uri: undefined }), ...requestDenied },
  { story: 'no refresh token', sent: withToken({ refresh_token: '' }), ...requestDenied },
  {
    story: 'a code twice',
    sent: () => {
      const { headers = {}, body = '' } = withCode()();
      return { headers, body: `${body}&code=${authorised.code}` };
    },
    ...requestDenied,
  },
  {
    story: 'a wrong resource for a code',
    sent: withCode({ resource: 'https://elsewhere.example.test/' }),
    status: 400,
    error: 'invalid_target',
    ...toKete,
  },
  {
    story: 'a known resource that the code is not for',
    sent: () => withCode({ resource: `${server.issuer}/api/admin/v1` })(),
    status: 400,
    error: 'invalid_target',
    ...toKete,
  },
  {
    story: 'a wrong resource for a refresh token',
    sent: withToken({ resource: 'https://elsewhere.example.test/' }),
    status: 400,
    error: 'invalid_target',
    ...toKete,
  },
  {
    story: 'RT-02 a wider scope',
    sent: withToken({ scope: 'openid patient/MedicationRequest.rs' }),
    status: 400,
    error: 'invalid_scope',
    ...toKete,
  },
];

/** Denials of callers that did not prove who they are: counted, and without a row. */
const strangers: readonly Refusal[] = [
  ...(['code', 'code_verifier'] as const).map(
    (name): Refusal => ({
      story: `the character U+0000 in ${name}`,
      sent: withCode({ [name]: `${'a'.repeat(50)}\0` }),
      status: 400,
      error: 'invalid_request',
    }),
  ),
  {
    story: 'the character U+0000 in refresh_token',
    sent: withToken({ refresh_token: 'a\0b' }),
    status: 400,
    error: 'invalid_request',
  },
  ...(
    [
      ['a code', withCode],
      ['a refresh token', withToken],
    ] as const
  ).flatMap(([what, withIt]): Refusal[] => [
    {
      story: `CA-01 ${what} with a wrong secret`,
      sent: withIt({}, basic('kete-web', 'wrong')),
      ...clientDenied,
    },
    {
      story: `CA-01 ${what} from an unknown client`,
      sent: withIt({}, basic('nobody', 'wrong')),
      ...clientDenied,
    },
    {
      story: `CA-01 ${what} with an empty secret`,
      sent: withIt({}, rawBasic('kete-web:')),
      status: 400,
      error: 'invalid_request',
    },
    {
      story: `CA-01 ${what} with client_id only`,
      sent: withIt({ client_id: 'kete-web' }, {}),
      ...clientDenied,
    },
    {
      story: `CA-01 ${what} without any client`,
      sent: withIt({}, {}),
      status: 400,
      error: 'invalid_request',
    },
    {
      story: `CA-01 ${what} with client_id beside another Basic user`,
      sent: withIt({ client_id: 'lab-web' }, kete),
      status: 400,
      error: 'invalid_request',
    },
    {
      story: `CA-01 ${what} with two mechanisms`,
      sent: withIt({ client_secret: keteWeb[1] }, kete),
      status: 400,
      error: 'invalid_request',
    },
    {
      story: `CA-01 ${what} from a client without a secret that sends one`,
      sent: withIt({}, basic('kete-spa', 'whatever')),
      ...clientDenied,
    },
  ]),
];

const all = [...grants, ...others, ...strangers];

beforeAll(async () => {
  server = await startServer(behindProxy);
  await registerLab(server);
  const visitor = createVisitor(server.issuer);
  tokens = await exchange(server, await authorise(server, { visitor }));
  forSpa = await authorise(server, { visitor, change: spaChange });
  authorised = await authorise(server, { visitor });
  observations = await observe(server, all);
});
afterAll(() => server.close());

describe('a refused exchange', () => {
  for (const refusal of all) test(titleOf(refusal), () => expectRefused(refusal, observations));
});

describe('what a refusal tells', () => {
  test.each(grants.map(({ story }) => story))('%s: the same as every other', (story) => {
    const answer = observations.get(story)?.answer;
    if (answer !== undefined) expectInvalidGrant(answer);
    expect(answer).toBeDefined();
  });

  test('every refusal says that no cache may keep it', () => {
    const kept = all.filter(({ story }) => {
      const headers = observations.get(story)?.answer.headers;
      return headers?.['cache-control'] !== 'no-store' || headers.pragma !== 'no-cache';
    });
    expect(kept.map(({ story }) => story)).toEqual([]);
  });
});

describe('afterwards', () => {
  test('the code is good, and so are the refresh token and the code of the other client', async () => {
    const answer = await tokenRequest(server, exchangeForm(authorised));
    expect(outcome(answer)).toBe('200');
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
    expect(await tryRefresh(server, tokens)).toBe('200');
    expect(outcome(await tokenRequest(server, exchangeForm(forSpa), keteSpa))).toBe('200');
  });
});
