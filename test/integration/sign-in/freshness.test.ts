import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { codeOf } from '../../support/code.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { allow, demoPassword, formTo } from '../../support/visitor.ts';
import { begin, responseOf } from '../pages/steps.ts';

/** A request that wants somebody to sign in anew: however slow she is, she does so once. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

// Each at another minute: a code is good once.
test.for<[Record<string, string>, number]>([
  [{ prompt: 'login' }, 15],
  [{ max_age: '0', prompt: 'consent' }, 16],
  [{ prompt: 'login consent', max_age: '1' }, 17],
])('with %o, minutes between the steps ask for nothing twice', async ([change, minutes]) => {
  const { visitor, page } = await begin(server, { change: { ...change, acr_values: '2' } });
  shiftTime(10 * 60);
  const { action, fields } = formTo(page, '/sign-in');
  const asked = await visitor.follow(
    await visitor.post(action, [...fields, ['identifier', 'hana@example.test'], ['password', demoPassword]]),
  );
  shiftTime(minutes * 60);
  const code = formTo(asked, '/code');
  const consent = await visitor.follow(await visitor.post(code.action, [...code.fields, ['code', codeOf()]]));
  shiftTime(35 * 60);
  expect(responseOf(await allow(visitor, consent)).has('code')).toBe(true);
});
