import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { lasting } from '../../support/lasting.ts';
import { demoPassword, type Page } from '../../support/visitor.ts';
import { newAddress, openTypist, startWorld, type World } from './typing.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld(12);
  await world.server.sql("UPDATE accounts SET disabled_at = now() WHERE id = 'mere'");
  await world.server.sql("UPDATE accounts SET password_hash = NULL WHERE id = 'wiremu'");
});
afterEach(() => world.end());
afterAll(() => world.server.close());

const perVisit = /^(date|content-length|x-correlation-id)$/;

/** An answer without what is made anew for each page, and what was typed. */
function bare({ status, url, html, headers }: Page, typed: string) {
  const uid = url.split('/')[2] ?? '';
  const plain = (text: string) =>
    text
      .replaceAll(uid, '[uid]')
      .replaceAll(/name="csrf" value="[^"]*"/g, '[csrf]')
      .replaceAll(typed, '[typed]');
  return {
    status,
    html: plain(lasting(html)),
    headers: [...headers]
      .filter(([name]) => !perVisit.test(name))
      .map(([name, value]) => [name, name === 'retry-after' ? '[seconds]' : plain(value)]),
  };
}

/** Every state that a name can get into by wrong passwords; the password of the last try is right. */
async function story(identifier: string, passwords: readonly string[]) {
  const typist = await openTypist(world.server, { identifier, source: newAddress() });
  const answers: Page[] = [];
  for (const password of passwords) answers.push(await typist.type(password));
  answers.push(await typist.type(demoPassword), await typist.type(''));
  await world.pass(31);
  answers.push(await typist.type('wrong'), await typist.type(demoPassword));
  return answers.map((answer) => bare(answer, identifier));
}

const wrong = ['wrong 1', 'wrong 2', 'wrong 3', 'wrong 4', 'wrong 5'];
let unknown = 0;

describe('LO-02 a limit that was reached does not tell who has an account', () => {
  test.for([
    ['an account', 'aroha@example.test'],
    ['a disabled account', 'mere@example.test'],
    ['an account without a password', 'wiremu@example.test'],
    ['a name that nobody can have', 'x'.repeat(201)],
  ])('%s is answered as an unknown name is, in every state', async ([, identifier = '']) => {
    unknown += 1;
    const expected = await story(`nobody-${unknown}@example.test`, wrong);
    expect(expected.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429, 429, 200, 200, 429]);
    expect(await story(identifier, wrong)).toEqual(expected);
  });

  test('too long a password is a try like any other', async () => {
    unknown += 1;
    const long = wrong.map((password) => password.padEnd(1001, 'x'));
    expect(await story(`nobody-${unknown}@example.test`, long)).toEqual(
      await story('tane@example.test', long),
    );
  });
});
