import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createGate, type Held, holdStatement } from '../../support/held.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, demoPassword, formTo } from '../../support/visitor.ts';
import { begin, beginSignedIn, leftBehind, press } from './steps.ts';

/** A form is sent twice. The second answer is slow: it has found the page open, and keeps it when that was gone on with. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const over = 'This page is no longer valid';

/** Holds the first answer of a page before it is kept, wherever that is. */
function holdAnswer(isAnswer: (payload: string) => boolean): Held {
  if (process.env.REDIS_URL === undefined)
    return holdStatement(
      server,
      (_name, [model, , payload]) => model === 'Interaction' && isAnswer(String(payload)),
    );
  const gate = createGate();
  const { eval: run } = Redis.prototype;
  const spy = vi.spyOn(Redis.prototype, 'eval').mockImplementation(async function (
    this: Redis,
    ...sent: unknown[]
  ) {
    const [, , key, payload] = sent.map(String);
    if (key?.includes(':Interaction:') && isAnswer(String(payload))) await gate.pass();
    return Reflect.apply(run, this, sent) as unknown;
  });
  return {
    reached: gate.reached,
    release() {
      spy.mockRestore();
      gate.release();
    },
  };
}

test('F-07 the sign-in form, sent twice, the second answer late: one code, and a page that says so', async () => {
  // She has decided before: a password leads straight to the code.
  await authorise(server);
  const { visitor, page } = await begin(server);
  const { action, fields } = formTo(page, '/sign-in');
  const typed = [...fields, ['identifier', 'aroha@example.test'], ['password', demoPassword]] as const;
  const held = holdAnswer((payload) => payload.includes('"result":{"login"'));
  const again = visitor.copy();
  const second = again.post(action, typed);
  await held.reached;
  const first = await visitor.follow(await visitor.post(action, typed));
  expect(first.location).toContain('code=');
  const before = await leftBehind(server);
  held.release();
  const late = await again.follow(await second);
  expect(late).toMatchObject({ status: 400, location: undefined });
  expect(late.html).toContain(over);
  expect(await leftBehind(server)).toEqual(before);
});

test('“Sign in as someone else”, pressed when the other answer has led on: a page that says so', async () => {
  const { visitor, page } = await beginSignedIn(server, { change: { prompt: 'consent' } });
  const held = holdAnswer((payload) => payload.includes('"prompt":"consent login"'));
  const again = visitor.copy();
  const second = press(again, page, 'switch');
  await held.reached;
  const first = await visitor.follow(await press(visitor, page, 'allow'));
  expect(first.location).toContain('code=');
  held.release();
  const late = await again.follow(await second);
  expect(late).toMatchObject({ status: 400, location: undefined });
  expect(late.html).toContain(over);
});
