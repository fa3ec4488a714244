import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { type Conversation, say } from './raw.ts';

/**
 * Requests whose end two servers find in different places (RFC 9112 sections 6 and 11.2): what one takes for the body, the
 * other takes for the next request. Here the next request would obtain a token, so that the audit tells whether it ran.
 */

let server: TestServer;
let host: string;

beforeAll(async () => {
  server = await startServer();
  ({ host } = new URL(server.issuer));
});
afterAll(() => server.close());

const grant = 'grant_type=client_credentials&scope=system/Flag.read';

/** The request that must not run: a good one, after which the connection would be closed. */
const smuggled = () =>
  [
    'POST /token HTTP/1.1',
    `Host: ${host}`,
    `Authorization: ${basic('clinic-backend', 'demo-secret-clinic-backend').Authorization}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${grant.length}`,
    'Connection: close',
    '',
    grant,
  ].join('\r\n');

/** A request with these lines in its head and this behind it. */
const request = (lines: readonly string[], rest = '', line = 'POST /token HTTP/1.1') =>
  [line, `Host: ${host}`, ...lines, '', rest].join('\r\n');

const end = '0\r\n\r\n';
const chunked = 'Transfer-Encoding: chunked';
const empty = 'Content-Length: 0';

const issued = async () =>
  (await server.sql(`SELECT id FROM audit_events WHERE type = 'token.issued'`)).length;

/** Says something that must not obtain a token, and then obtains one: whatever ran before it has left its row by then. */
async function sayWithoutToken(text: string): Promise<Conversation> {
  const before = await issued();
  const conversation = await say(server, text);
  expect(conversation.text).not.toContain('access_token');
  expect((await say(server, smuggled())).statuses).toEqual([200]);
  expect(await issued()).toBe(before + 1);
  return conversation;
}

const forms: readonly (readonly [string, (text: string) => string])[] = [
  // Both, in either order.
  ['a length and chunks', (next) => request(['Content-Length: 6', chunked], end + next)],
  ['chunks and a length', (next) => request([chunked, 'Content-Length: 6'], end + next)],
  // A length that is said twice, or is none.
  ['two lengths that differ', (next) => request([empty, `Content-Length: ${next.length}`], next)],
  ['the same length twice', (next) => request([empty, empty], next)],
  ['a list of lengths', (next) => request(['Content-Length: 0, 0'], next)],
  ['a length with a sign', (next) => request(['Content-Length: +0'], next)],
  ['a length below nothing', (next) => request(['Content-Length: -1'], next)],
  ['a hexadecimal length', (next) => request(['Content-Length: 0x0'], next)],
  ['a length of two numbers', (next) => request(['Content-Length: 0 0'], next)],
  ['a length without a value', (next) => request(['Content-Length:'], next)],
  ['a length beyond 64 bits', (next) => request(['Content-Length: 18446744073709551616'], next)],
  // Another coding than chunks, or one that looks like it.
  ['an unknown coding', (next) => request(['Transfer-Encoding: xchunked'], end + next)],
  ['the coding identity', (next) => request(['Transfer-Encoding: identity'], end + next)],
  ['chunks that are not last', (next) => request(['Transfer-Encoding: chunked, identity'], end + next)],
  ['another coding before chunks', (next) => request(['Transfer-Encoding: gzip, chunked'], end + next)],
  ['a comma and chunks', (next) => request(['Transfer-Encoding: ,chunked'], end + next)],
  ['chunks and a comma', (next) => request(['Transfer-Encoding: chunked,'], end + next)],
  ['chunks twice', (next) => request([chunked, chunked], end + next)],
  ['chunks, and another coding', (next) => request([chunked, 'Transfer-Encoding: x'], end + next)],
  ['chunks with a parameter', (next) => request(['Transfer-Encoding: chunked;x=y'], end + next)],
  ['chunks in quotes', (next) => request(['Transfer-Encoding: "chunked"'], end + next)],
  ['chunks behind U+000B', (next) => request(['Transfer-Encoding: \x0bchunked'], end + next)],
  ['chunks behind U+00A0', (next) => request(['Transfer-Encoding: \xa0chunked'], end + next)],
  ['no coding at all', (next) => request(['Transfer-Encoding:'], next)],
  ['chunks in HTTP/1.0', (next) => request([chunked], end + next, 'POST /token HTTP/1.0')],
  // Names and lines that some read and others do not.
  ['a space before the colon of a length', (next) => request(['Content-Length : 0'], next)],
  ['a space before the colon of the coding', (next) => request(['Transfer-Encoding : chunked'], end + next)],
  ['a tab before the colon', (next) => request(['Content-Length\t: 0'], next)],
  ['U+00A0 before the colon', (next) => request(['Content-Length\xa0: 0'], next)],
  ['a space before a name', (next) => request([' Content-Length: 0'], next, 'POST /token HTTP/1.1\r\nA: b')],
  ['a line that goes on in the next', (next) => request(['A: b', ' c: d', empty], next)],
  ['a coding in the next line', (next) => request(['Transfer-Encoding:', ' chunked'], end + next)],
  ['a line without a colon', (next) => request(['Content-Length 0', empty], next)],
  ['a name of no letters', (next) => request([': x', empty], next)],
  ['U+0000 in a name', (next) => request(['A\0B: c', empty], next)],
  ['U+0000 in a value', (next) => request(['A: b\0c', empty], next)],
  // Line ends.
  ['bare LF everywhere', (next) => request([empty]).replaceAll('\r\n', '\n') + next],
  ['one bare LF', (next) => request([`A: b\n${empty}`], next)],
  ['bare CR in a value', (next) => request([`A: b\r${empty}`], next)],
  ['LF before CR', (next) => request([`A: b\n\r${empty}`], next)],
  [
    'a head that ends with a bare LF',
    (next) => `POST /token HTTP/1.1\r\nHost: ${host}\r\n${empty}\r\n\n${next}`,
  ],
  [
    'bare CR behind the first line',
    (next) => `POST /token HTTP/1.1\rHost: ${host}\r\n${empty}\r\n\r\n${next}`,
  ],
  // Chunks that are measured in two ways.
  ['a chunk size that ends with LF', (next) => request([chunked], `0\n\n${next}`)],
  ['a chunk size with 0x', (next) => request([chunked], `0x0\r\n\r\n${next}`)],
  ['a chunk size below nothing', (next) => request([chunked], `-1\r\n\r\n${next}`)],
  ['a chunk size and a space', (next) => request([chunked], `0 \r\n\r\n${next}`)],
  ['a chunk size beyond 64 bits', (next) => request([chunked], `10000000000000000\r\n\r\n${next}`)],
  ['LF in a chunk extension', (next) => request([chunked], `0;a\nb\r\n\r\n${next}`)],
  ['a chunk that goes on behind its size', (next) => request([chunked], `1\r\naXX0\r\n\r\n${next}`)],
  ['a length behind the chunks', (next) => request([chunked], `0\r\nContent-Length: 5\r\n\r\n${next}`)],
  // The first line.
  ['a version that is none', (next) => request([empty], next, 'POST /token HTTP/1.2')],
  ['no version', (next) => `GET /token\r\n\r\n${next}`],
  ['a method in small letters', (next) => request([empty], next, 'post /token HTTP/1.1')],
  ['tabs between the parts', (next) => request([empty], next, 'POST\t/token\tHTTP/1.1')],
  ['no Host', (next) => `POST /token HTTP/1.1\r\n${empty}\r\n\r\n${next}`],
  ['a second Host', (next) => request(['Host: evil.example.test', empty], next)],
];

describe('GW-04 a request is refused, closed, and nothing behind it runs:', () => {
  test.for(forms)('%s', async ([, make]) => {
    const { statuses, text } = await sayWithoutToken(make(smuggled()));
    // A body that breaks off in its middle may have been answered already.
    expect(new Set(statuses)).toEqual(new Set([400]));
    expect(text).toMatch(/^connection: close\r$/im);
  });
});

/** Ends a conversation that the server would go on with. */
const goodbye = () => request(['Connection: close'], '', 'GET /health/live HTTP/1.1');

describe('GW-04 what is the body of a request is not read as another one:', () => {
  test.for<[string, (text: string) => string, readonly number[]]>([
    ['of a GET', (inner) => request([`Content-Length: ${inner.length}`], inner, 'GET /jwks HTTP/1.1'), [200]],
    [
      'of a GET in one chunk',
      (inner) =>
        request([chunked], `${inner.length.toString(16)}\r\n${inner}\r\n${end}`, 'GET /jwks HTTP/1.1'),
      [200],
    ],
    ['of a form that is no form', (inner) => request([`Content-Length: ${inner.length}`], inner), [400]],
    [
      'of a form that nobody reads',
      (inner) => request([`Content-Length: ${inner.length}`], inner, 'POST /nowhere HTTP/1.1'),
      [404],
    ],
    [
      'that was announced',
      (inner) => request(['Expect: 100-continue', `Content-Length: ${inner.length}`], inner),
      [100, 400],
    ],
  ])('%s', async ([, make, expected]) => {
    const { statuses } = await sayWithoutToken(make(smuggled()) + goodbye());
    expect(statuses).toEqual([...expected, 200]);
  });

  test('two requests that are two are answered in their order', async () => {
    const { statuses } = await say(server, request([empty]) + smuggled());
    expect(statuses).toEqual([400, 200]);
  });
});

describe('GW-04 nobody is led elsewhere over a connection:', () => {
  test('CONNECT ends it', async () => {
    const connect = request([], smuggled(), 'CONNECT evil.example.test:443 HTTP/1.1');
    expect((await sayWithoutToken(connect)).statuses).toEqual([]);
  });
});

describe('GW-04 requests sent together on one connection', () => {
  const get = (path: string, at: string) => `GET ${path} HTTP/1.1\r\nHost: ${at}\r\n\r\n`;
  const elsewhere = 'elsewhere.example.test';

  test('before one that the door refuses: they are answered first', async () => {
    const sent = get('/jwks', host) + smuggled().replace('Connection: close\r\n', '') + get('/', elsewhere);
    const { statuses, text } = await say(server, sent);
    expect(statuses).toEqual([200, 200, 400]);
    expect(text).toContain('access_token');
  });

  test('behind it: they are not carried out', async () => {
    const { statuses } = await sayWithoutToken(get('/jwks', host) + get('/', elsewhere) + smuggled());
    expect(statuses).toEqual([200, 400]);
  });
});
