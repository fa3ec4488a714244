import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { allow, createVisitor, signIn } from '../../support/visitor.ts';
import { push } from './pushing.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

/** Opens a pushed request in a browser of its own, as far as the sign-in page. */
async function open(url: string) {
  const visitor = createVisitor(server.issuer);
  return { visitor, page: await visitor.follow(await visitor.get(url)) };
}

test('F-07 a pushed request that two browsers opened in time gives one code, however late they answer', async () => {
  const { url } = await push(server, { prompt: 'consent' });
  const [first, second] = [await open(url), await open(url)];
  shiftTime(10 * 60);
  const answers = [];
  for (const { visitor, page } of [first, second])
    answers.push(await allow(visitor, await signIn(visitor, page)));
  const codes = answers.map(({ location }) => new URL(location ?? 'about:blank').searchParams.get('code'));
  expect(codes[0]).not.toBeNull();
  expect(codes[1]).toBeNull();
  expect(new URL(answers[1]?.location ?? 'about:blank').searchParams.get('error')).toBe(
    'invalid_request_uri',
  );
});

test('a pushed request cannot be opened after its minute', async () => {
  const { url } = await push(server);
  shiftTime(61 + 10);
  const { page } = await open(url);
  expect(page.status).toBe(400);
  expect(page.html).toContain('invalid_request_uri');
});
