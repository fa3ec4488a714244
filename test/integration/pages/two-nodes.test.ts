import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, send, startNode, type TestNode } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { demoPassword, formTo, type Page, signIn, type Visitor } from '../../support/visitor.ts';
import { begin, beginSignedIn, leftBehind, responseOf } from './steps.ts';

let server: TestServer;
let other: TestNode;
beforeAll(async () => {
  server = await startServer();
  other = await startNode(server);
});
afterAll(async () => {
  await other.close();
  await server.close();
});

const change = { prompt: 'consent' };

type Fields = readonly (readonly [string, string])[];

/** Sends a form of a page to both nodes, many times at once. */
function flood(
  visitor: Visitor,
  page: Page,
  action: string,
  fieldsOf: (n: number) => Fields,
): Promise<Answer[]> {
  const headers = {
    Cookie: visitor.cookies(new URL(action, page.url).pathname).join('; '),
    'Content-Type': 'application/x-www-form-urlencoded',
    'Sec-Fetch-Site': 'same-origin',
    Accept: 'text/html',
  };
  return Promise.all(
    Array.from({ length: 50 }, (_, n) => {
      const body = new URLSearchParams(
        fieldsOf(n).map(([name, value]): [string, string] => [name, value]),
      ).toString();
      return send(n % 2 === 0 ? server : other, { path: action, headers, body });
    }),
  );
}

describe('F-07 on two nodes', () => {
  test('the consent form, fifty times at once, five rounds: one consent, one answer, one grant', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { visitor, page } = await beginSignedIn(server, { change });
      const { action, fields } = formTo(page, '/consent');
      const before = await leftBehind(server);
      const answers = await flood(visitor, page, action, () => [...fields, ['decision', 'allow']]);
      expect(
        answers.map(({ status }) => status).filter((status) => ![303, 400, 503].includes(status)),
      ).toEqual([]);
      const way = answers.find(({ status }) => status === 303)?.headers.location ?? '';
      expect(responseOf(await visitor.follow(await visitor.get(way))).has('code')).toBe(true);
      const after = await leftBehind(server);
      const made = ['consents', 'answers', 'grants'].map(
        (name) => Number(after[name]) - Number(before[name]),
      );
      expect(made).toEqual([1, 1, 1]);
    }
  });

  test('allow and deny at once: one answer, and what came of it agrees', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { visitor, page } = await beginSignedIn(server, { change });
      const { action, fields } = formTo(page, '/consent');
      const before = await leftBehind(server);
      const answers = await flood(visitor, page, action, (n) => [
        ...fields,
        ['decision', n % 4 < 2 ? 'allow' : 'deny'],
      ]);
      const after = await leftBehind(server);
      const consents = Number(after.consents) - Number(before.consents);
      expect(Number(after.answers) - Number(before.answers)).toBe(1);
      const way = answers.find(({ status }) => status === 303)?.headers.location ?? '';
      const response = responseOf(await visitor.follow(await visitor.get(way)));
      expect([consents, response.has('code'), response.get('error')]).toEqual(
        consents === 1 ? [1, true, null] : [0, false, 'access_denied'],
      );
    }
  });
});

test('a sign-in that begins on one node goes on at the other', async () => {
  const { visitor, page } = await begin(server, { change });
  const { action, fields } = formTo(page, '/sign-in');
  const typed = Object.entries({ identifier: 'aroha@example.test', password: demoPassword });
  const answer = await send(other, {
    path: action,
    headers: {
      Cookie: visitor.cookies(action).join('; '),
      'Content-Type': 'application/x-www-form-urlencoded',
      Accept: 'text/html',
    },
    body: new URLSearchParams(
      [...fields, ...typed].map(([name, value]): [string, string] => [name, value]),
    ).toString(),
  });
  expect(answer.status).toBe(303);
  // The same form at the first node gives the browser its proof, too.
  expect((await signIn(visitor, page)).html).toContain('/consent"');
});
