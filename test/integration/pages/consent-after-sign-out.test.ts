import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { allow, createVisitor, formTo } from '../../support/visitor.ts';
import { signOut } from './leaving.ts';
import { begin, beginSignedIn, expectGuarded, leftBehind, press, responseOf } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

const change = { prompt: 'consent' };

test.for(['allow', 'deny', 'switch'])(
  'SE-04 a consent page left open while its person signed out decides nothing: %s',
  async (decision) => {
    const { visitor, page } = await beginSignedIn(server, { change });
    await signOut(server, visitor);
    const before = await leftBehind(server);
    const answer = await visitor.follow(await press(visitor, page, decision));
    expect(answer.location ?? '').not.toContain('code=');
    expect(await leftBehind(server)).toEqual(before);
  },
);

test('SE-04 a consent page of one person is not answered by the next one on the same browser', async () => {
  const aroha = await beginSignedIn(server, { change });
  const { visitor } = aroha;
  await signOut(server, visitor);
  await beginSignedIn(server, { change, visitor, identifier: 'hana@example.test' });
  const before = await leftBehind(server);
  const answer = await visitor.follow(await press(visitor, aroha.page, 'allow'));
  expect(answer.location ?? '').not.toContain('code=');
  expect(await leftBehind(server)).toEqual(before);
});

test("SE-02 an interaction with another person's session is answered for nobody", async () => {
  const aroha = await beginSignedIn(server, { change });
  const hana = await beginSignedIn(server, { change, identifier: 'hana@example.test' });
  const { action, fields } = formTo(aroha.page, '/consent');
  const own = aroha.visitor.cookies(new URL(action, server.issuer).pathname);
  const mixed = [
    ...own.filter((one) => !one.startsWith('assent_session')),
    ...hana.visitor.cookies('/').filter((one) => one.startsWith('assent_session')),
  ];
  const before = await leftBehind(server);
  const headers = { Cookie: mixed.join('; ') };
  const answer = await createVisitor(server.issuer).post(action, [...fields, ['decision', 'allow']], headers);
  expectGuarded(answer, 'POST');
  expect(await leftBehind(server)).toEqual(before);
});

test('an account that was disabled while its consent page was open decides nothing', async () => {
  const { visitor, page } = await beginSignedIn(server, { change, identifier: 'tom@example.test' });
  await server.sql("UPDATE accounts SET disabled_at = now() WHERE id = 'tom'");
  const before = await leftBehind(server);
  const answer = await press(visitor, page, 'allow');
  expect(answer).toMatchObject({ status: 400, location: undefined });
  expect(answer.html).toContain('This page is no longer valid');
  expect(await leftBehind(server)).toEqual(before);
});

test('a person who is still signed in is heard, in the last minute of her session too', async () => {
  const { visitor } = await beginSignedIn(server, { change });
  shiftTime(59 * 60);
  const { page } = await begin(server, { visitor, change });
  expect(responseOf(await allow(visitor, page)).has('code')).toBe(true);
});
