import { afterAll, beforeAll, expect, test } from 'vitest';
import { send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { demoPassword, formTo, signIn } from '../../support/visitor.ts';
import { begin, beginSignedIn, leftBehind } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const ofType = (type: string) => ({ 'Content-Type': type });
const urlencoded = ofType('application/x-www-form-urlencoded');

/** A form of another kind than browsers send, with the token of the page. */
async function sendRaw(
  headers: Readonly<Record<string, string>>,
  body: (csrf: string) => string,
  chunked = false,
) {
  const { visitor, page } = await begin(server);
  const { action, fields } = formTo(page, '/sign-in');
  const before = await leftBehind(server);
  const answer = await send(server, {
    path: action,
    headers: {
      Cookie: visitor.cookies(action).join('; '),
      Accept: 'text/html',
      ...headers,
    },
    body: body(fields.find(([name]) => name === 'csrf')?.[1] ?? ''),
    chunked,
  });
  expect(await leftBehind(server)).toEqual(before);
  // Whatever was sent, the page itself is still good.
  expect((await signIn(visitor, page)).html).toContain('/consent"');
  return answer;
}

const good = (csrf: string) =>
  new URLSearchParams({ csrf, identifier: 'aroha@example.test', password: demoPassword }).toString();

const tooMuch = 'That was too much at once';
const mistake = 'The application made a mistake';
const forbidden = 'We could not accept that form';

test.for<[string, number, string, Readonly<Record<string, string>>, (csrf: string) => string]>([
  ['1 MB', 413, tooMuch, urlencoded, (csrf) => `${good(csrf)}&x=${'x'.repeat(1_000_000)}`],
  ['10,000 fields', 413, tooMuch, urlencoded, (csrf) => good(csrf) + '&a=b'.repeat(10_000)],
  ['16,385 bytes', 413, tooMuch, urlencoded, (csrf) => `${good(csrf)}&x=`.padEnd(16_385, 'x')],
  ['JSON', 403, forbidden, ofType('application/json'), (csrf) => JSON.stringify({ csrf })],
  ['plain text', 403, forbidden, ofType('text/plain'), good],
  ['no content type', 403, forbidden, {}, good],
  ['nothing', 403, forbidden, urlencoded, () => ''],
  ['a compressed form that is none', 400, mistake, { ...urlencoded, 'Content-Encoding': 'gzip' }, good],
  ['a form of unknown compression', 400, mistake, { ...urlencoded, 'Content-Encoding': 'x-own' }, good],
])('IN-02 %s: %i, a readable page, and nothing has happened', async ([, status, sentence, headers, body]) => {
  const answer = await sendRaw(headers, body);
  expect(answer.status).toBe(status);
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(answer.body).toContain(sentence);
});

test('IN-02 20 kB of unannounced length: 413', async () => {
  const answer = await sendRaw(urlencoded, (csrf) => `${good(csrf)}&x=${'x'.repeat(20_000)}`, true);
  expect(answer.status).toBe(413);
});

test('IN-02 a consent form of 20 kB: 413, and the page can still be answered', async () => {
  const { visitor, page } = await beginSignedIn(server);
  const form = formTo(page, '/consent');
  const long = await visitor.post(form.action, [
    ...form.fields,
    ['line', 'x'.repeat(20_000)],
    ['decision', 'allow'],
  ]);
  expect(long.status).toBe(413);
  const fine = await visitor.post(form.action, [...form.fields, ['decision', 'allow']]);
  expect((await visitor.follow(fine)).location).toContain('code=');
});

test('16,384 bytes are a form, and a thousand fields that nobody knows mean nothing', async () => {
  const { visitor, page } = await begin(server);
  const form = formTo(page, '/sign-in');
  const typed = Object.entries({ identifier: 'aroha@example.test', password: demoPassword });
  const more = Array.from({ length: 1000 }, (_, n) => [`a${n}`, 'b'] as const);
  const answer = await visitor.post(form.action, [...more, ...form.fields, ...typed]);
  expect(answer.status).toBe(303);
});
