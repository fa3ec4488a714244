import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, form, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { behindProxy, expectRefused, observe, type Refusal, titleOf } from './refusals.ts';

/** Bodies that are none, or too much; the wrong method; the wrong idea of the answer (TK-05 and IN-02 of the threat model). */

let server: TestServer;
let observations: Awaited<ReturnType<typeof observe>>;

const scope = 'system/Flag.read';
const grant = { grant_type: 'client_credentials', scope };
const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');
const urlencoded = { 'Content-Type': 'application/x-www-form-urlencoded' };

const denied = (error: string) => ({ status: 400, error, deniedTo: 'clinic-backend' }) as const;
const anonymous = { status: 400, error: 'invalid_request' } as const;

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

beforeAll(async () => {
  server = await startServer(behindProxy);
  observations = await observe(server, bodies);
});

afterAll(() => server.close());

describe('TK-05 IN-02 bodies that are none', () => {
  for (const refusal of bodies) test(titleOf(refusal), () => expectRefused(refusal, observations));
});

describe('TK-05 the wrong method', () => {
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
});
