import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, form, type Sent, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { applicants, registerApplicants, secretOf } from './applicants.ts';
import { behindProxy, expectErrorAnswer, expectRefused, observe, type Refusal, titleOf } from './refusals.ts';

/** Requests of the wrong form: grants that must not exist, repeated parameters, bodies that are none (TK-04, TK-05, AZ-03, IN-02). */

let server: TestServer;
let observations: Awaited<ReturnType<typeof observe>>;

const scope = 'system/Flag.read';
const grant = { grant_type: 'client_credentials', scope };
const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');
const urlencoded = { 'Content-Type': 'application/x-www-form-urlencoded' };

const denied = (error: string) => ({ status: 400, error, deniedTo: 'clinic-backend' }) as const;
const anonymous = { status: 400, error: 'invalid_request' } as const;

const unsupportedGrants = [
  'password',
  'implicit',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:openid:params:grant-type:ciba',
  'refresh_token',
  'CLIENT_CREDENTIALS',
  'client_credentials ',
  '__proto__',
  'constructor',
  // The audit keeps the first thousand characters, and must not keep half a character.
  `${'x'.repeat(999)}\u{1f600}`,
];

const grants: readonly Refusal[] = [
  ...unsupportedGrants.map(
    (grantType): Refusal => ({
      story: `grant type ${grantType.slice(0, 60)}`,
      sent: form({ grant_type: grantType, scope, username: 'aroha@example.test', password: 'x' }, clinic),
      ...denied('unsupported_grant_type'),
    }),
  ),
  {
    story: 'the code grant by a client that may not use it',
    sent: form(
      { grant_type: 'authorization_code', code: 'x', redirect_uri: 'https://x.example.test/' },
      clinic,
    ),
    ...denied('unauthorized_client'),
  },
  {
    story: 'the client credentials grant by a client that may not use it',
    sent: form(grant, basic(applicants.idle, secretOf(applicants.idle))),
    ...denied('unauthorized_client'),
    deniedTo: applicants.idle,
  },
  { story: 'no grant type', sent: form({ scope }, clinic), ...denied('invalid_request') },
  {
    story: 'an empty grant type',
    sent: form({ grant_type: '', scope }, clinic),
    ...denied('invalid_request'),
  },
];

const twice = (name: string, values: readonly [string, string], headers = clinic): Sent =>
  form(
    [...Object.entries(grant).filter(([other]) => other !== name), [name, values[0]], [name, values[1]]],
    headers,
  );

const repeated: readonly Refusal[] = [
  {
    story: 'grant_type twice',
    sent: twice('grant_type', ['client_credentials', 'client_credentials']),
    ...denied('invalid_request'),
  },
  {
    story: 'two grant types',
    sent: twice('grant_type', ['client_credentials', 'authorization_code']),
    ...denied('invalid_request'),
  },
  { story: 'scope twice', sent: twice('scope', [scope, scope]), ...denied('invalid_request') },
  {
    story: 'two scopes apart',
    sent: twice('scope', [scope, 'user/Flag.read']),
    ...denied('invalid_request'),
  },
  {
    story: 'scope, and an empty scope',
    sent: twice('scope', [scope, '']),
    ...denied('invalid_request'),
  },
  {
    story: 'reason_for_request twice',
    sent: twice('reason_for_request', ['directcare', 'directcare']),
    ...denied('invalid_request'),
  },
  { story: 'client_id twice', sent: twice('client_id', ['clinic-backend', 'clinic-backend']), ...anonymous },
  { story: 'two client_ids', sent: twice('client_id', ['clinic-backend', 'admin-cli']), ...anonymous },
  { story: 'two assertions', sent: twice('client_assertion', ['a.b.c', 'd.e.f']), ...anonymous },
  {
    story: 'two secrets in the body beside Basic',
    sent: twice('client_secret', ['one', 'two']),
    ...anonymous,
  },
  {
    story: 'parameters named like members of a list',
    sent: form({ 'grant_type[]': 'client_credentials', 'scope[]': scope }, clinic),
    ...denied('invalid_request'),
  },
];

const nul = '\0';

/** U+0000 cannot be stored by PostgreSQL; it must end as a refusal, never as a fault of the server. */
const withNul: readonly Refusal[] = [
  ...['client_id', 'scope', 'resource', 'grant_type', 'reason_for_request', 'client_assertion', 'colour'].map(
    (name): Refusal => ({
      story: `U+0000 in ${name}`,
      sent: form({ ...grant, [name]: `a${nul}b` }, clinic),
      ...anonymous,
    }),
  ),
  {
    story: 'U+0000 in the name of a parameter',
    sent: form({ ...grant, [`a${nul}`]: 'b' }, clinic),
    ...anonymous,
  },
  {
    story: 'U+0000 in the second of two equal parameters',
    sent: twice('scope', [scope, nul]),
    ...anonymous,
  },
  {
    story: 'U+0000 in the client_id of a client that shows nothing else',
    sent: form({ ...grant, client_id: `clinic-backend${nul}` }),
    ...anonymous,
  },
  {
    story: 'U+0000 in the user of Basic',
    sent: form(grant, basic(`clinic-backend${nul}`, 'demo-secret-clinic-backend')),
    ...anonymous,
  },
  {
    story: 'U+0000 in the secret of Basic',
    sent: form(grant, basic('clinic-backend', `demo-secret-clinic-backend${nul}`)),
    ...anonymous,
  },
  {
    story: 'U+0000 as a bare byte in the body',
    sent: {
      headers: { ...urlencoded, ...clinic },
      body: `grant_type=client_credentials&scope=${scope}${nul}`,
    },
    ...anonymous,
  },
];

const good = new URLSearchParams(grant).toString();

const bodies: readonly Refusal[] = [
  {
    story: 'JSON',
    sent: { headers: { 'Content-Type': 'application/json', ...clinic }, body: JSON.stringify(grant) },
    ...anonymous,
  },
  {
    story: 'plain text',
    sent: { headers: { 'Content-Type': 'text/plain', ...clinic }, body: good },
    ...anonymous,
  },
  {
    story: 'multipart',
    sent: {
      headers: { 'Content-Type': 'multipart/form-data; boundary=x', ...clinic },
      body: '--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nclient_credentials\r\n--x--\r\n',
    },
    ...anonymous,
  },
  { story: 'no content type', sent: { headers: clinic, body: good }, ...denied('invalid_request') },
  { story: 'no body', sent: { headers: { ...urlencoded, ...clinic } }, ...denied('invalid_request') },
  {
    story: 'parameters in the query only',
    sent: { ...form({}, clinic), path: `/token?${good}` },
    ...denied('invalid_request'),
  },
  {
    story: 'the scope in the query',
    sent: { ...form({ grant_type: 'client_credentials' }, clinic), path: `/token?scope=${scope}` },
    ...denied('invalid_scope'),
  },
  {
    story: 'the secret in the query',
    sent: {
      ...form(grant),
      path: '/token?client_id=clinic-backend&client_secret=demo-secret-clinic-backend',
    },
    ...anonymous,
  },
  {
    story: '60 kB',
    sent: form({ ...grant, colour: 'x'.repeat(60_000) }, clinic),
    ...anonymous,
  },
  {
    story: '60 kB of unannounced length',
    sent: { ...form({ ...grant, colour: 'x'.repeat(60_000) }, clinic), chunked: true },
    ...anonymous,
  },
  {
    story: '10,000 parameters in 128 kB',
    sent: form(
      [...Object.entries(grant), ...Array.from({ length: 10_000 }, (_, n) => [`n${n}`, 'value'] as const)],
      clinic,
    ),
    ...anonymous,
  },
  {
    // Short enough to be read: a parser that stops counting would take the first ones and overlook the rest.
    story: '10,000 parameters in 20 kB',
    sent: { headers: { ...urlencoded, ...clinic }, body: `${good}${'&a'.repeat(10_000)}` },
    ...anonymous,
  },
  {
    story: 'a second scope behind a thousand other parameters',
    sent: { headers: { ...urlencoded, ...clinic }, body: `${good}${'&a'.repeat(1000)}&scope=user/Flag.read` },
    ...anonymous,
  },
  {
    story: 'a client that accepts only pages',
    sent: form({ ...grant, scope: 'everything' }, { ...clinic, Accept: 'text/html' }),
    ...denied('invalid_scope'),
  },
  {
    story: 'a client that accepts only pictures',
    sent: form({ ...grant, scope: 'everything' }, { ...clinic, Accept: 'image/png' }),
    ...denied('invalid_scope'),
  },
];

const refusals = [...grants, ...repeated, ...withNul, ...bodies];

beforeAll(async () => {
  server = await startServer(behindProxy);
  await registerApplicants(server);
  observations = await observe(server, refusals);
});

afterAll(() => server.close());

describe('grants that must not exist', () => {
  for (const refusal of grants) test(titleOf(refusal), () => expectRefused(refusal, observations));
});

describe('repeated parameters', () => {
  for (const refusal of repeated) test(titleOf(refusal), () => expectRefused(refusal, observations));
});

describe('the character that cannot be stored', () => {
  for (const refusal of withNul) test(titleOf(refusal), () => expectRefused(refusal, observations));

  test('in the address: 400 invalid_request, before anything else is looked at', async () => {
    const answer = await send(server, { ...form(grant, clinic), path: '/token?colour=%00' });
    expectErrorAnswer(answer, { status: 400, error: 'invalid_request', usedAuthorization: true });
  });
});

describe('bodies that are none', () => {
  for (const refusal of bodies) test(titleOf(refusal), () => expectRefused(refusal, observations));
});

describe('the wrong method', () => {
  test.for(['GET', 'PUT', 'PATCH', 'DELETE'])('%s /token: 404 or 405, and never stored', async (method) => {
    const answer = await send(server, { method, path: `/token?${good}`, headers: clinic });
    expect([404, 405]).toContain(answer.status);
    expect(answer.body).not.toContain('access_token');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['content-type']).toMatch(/^application\/json\b/);
  });
});

describe('what passes', () => {
  test.for([
    ['a client that accepts only pages gets its token as JSON', { Accept: 'text/html' }],
    ['a character set named', { 'Content-Type': `${urlencoded['Content-Type']}; charset=utf-8` }],
  ] as const)('%s', async ([, headers]) => {
    const answer = await send(server, form(grant, { ...clinic, ...headers }));
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.headers['content-type']).toMatch(/^application\/json\b/);
  });

  test('a parameter that means nothing is ignored (RFC 6749 section 3.2)', async () => {
    const answer = await send(server, form({ ...grant, colour: 'green' }, clinic));
    expect(answer).toMatchObject({ status: 200 });
  });
});
