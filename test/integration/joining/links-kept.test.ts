import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { forgetPeople, goodPassword, mails, tokenIn } from '../accounts/people.ts';
import { headingOf, openAndSend } from './steps.ts';

/** Anybody can ask for a link in somebody's name. It ends none that was made for her. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await server.sql("DELETE FROM authenticators WHERE account_id = 'hana'");
});
afterAll(() => server?.close());
afterEach(async () => {
  shiftTime(0);
  await forgetPeople(server);
});

const resets = () => server.services.people.resets;
const ask = () => openAndSend(server, '/account/reset', { identifier: 'hana@example.test' });
const set = (token: string) => resets().set(token, { password: goodPassword, code: '', source: '192.0.2.1' });
const tokenOf = (text: string | undefined) => tokenIn(text, '/account/reset/');

describe.each<[string, () => Promise<string>]>([
  ['was handed over', async () => tokenOf(await resets().link('hana'))],
  [
    'she asked for when she was signed in',
    async () => {
      expect(await resets().begin('hana')).toBe('sent');
      return tokenOf((await mails(server)).at(-1)?.text);
    },
  ],
])('a link that %s', (_what, make) => {
  test('stays open when somebody asks for one by her name, who gets the same answer and no mail', async () => {
    const without = await ask();
    await forgetPeople(server);
    const token = await make();
    const before = await mails(server);
    const answer = await ask();
    expect([answer.status, headingOf(answer)]).toEqual([without.status, headingOf(without)]);
    expect(await mails(server)).toEqual(before);
    expect(await set(token)).toBeUndefined();
  });

  test('also of eight who ask while it is made', async () => {
    const asked = Array.from({ length: 8 }, () => resets().ask('hana@example.test'));
    const token = tokenOf(await resets().link('hana'));
    await Promise.all(asked);
    expect(await set(token)).toBeUndefined();
    expect(await set(await make())).toBeUndefined();
  });

  test('takes the place of one that was asked for, and is in no one’s way once it is over', async () => {
    await resets().ask('hana@example.test');
    const mailed = tokenOf((await mails(server)).at(-1)?.text);
    await make();
    expect(await resets().find(mailed)).toBeUndefined();
    shiftTime(30 * 60 + 1);
    await resets().ask('hana@example.test');
    expect(await resets().find(tokenOf((await mails(server)).at(-1)?.text))).toBeDefined();
  });
});
