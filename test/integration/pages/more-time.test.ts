import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { allow, formTo, type Page, signIn, type Visitor } from '../../support/visitor.ts';
import { begin, beginSignedIn } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

const MINUTE = 60;
const change = { prompt: 'consent' };

/** Where a page without script is led in time, and after how many seconds. */
const refreshOf = ({ html }: Page) =>
  /<noscript><meta http-equiv="refresh" content="(\d+); url=([^"]+)"><\/noscript>/.exec(html)?.slice(1);

/** Asks for more time on the page that asks. */
async function askForMore(visitor: Visitor, page: Page): Promise<Page> {
  const asks = await visitor.get(`${page.url}/time`);
  const form = formTo(asks, '/time');
  return visitor.post(form.action, form.fields);
}

/** Asks as the script on the question's own page does. */
const askInPage = (visitor: Visitor, page: Page) => {
  const form = formTo(page, '/time');
  expect(form.fields.map(([name]) => name)).toEqual(['csrf', 'stay']);
  return visitor.post(form.action, form.fields);
};

describe('a question says how long it stays open, and more time can be had', () => {
  test('without script: in time a page asks, and leads back to the question', async () => {
    const { visitor, page } = await begin(server, {});
    expect(page.html).toContain('This page stays open for 30 minutes.');
    const path = new URL(page.url).pathname;
    expect(refreshOf(page)).toEqual([String(25 * MINUTE), `${path}/time`]);
    shiftTime(26 * MINUTE);
    const asks = await visitor.get(`${page.url}/time`);
    expect(asks.html).toContain('Do you need more time?');
    expect(asks.html).toMatch(/closes in [34] minutes/);
    const back = await askForMore(visitor, page);
    expect(back).toMatchObject({ status: 303, location: page.url });
    shiftTime(50 * MINUTE);
    const again = await visitor.get(page.url);
    expect(again.html).toMatch(/stays open for [56] minutes/);
    const consent = await visitor.follow(await signIn(visitor, again));
    expect(consent.html).toContain('use your health record?');
  });

  test('with script: 204, so that the browser keeps what was typed, and the cookies live on', async () => {
    const { visitor, page } = await beginSignedIn(server, { change });
    shiftTime(27 * MINUTE);
    const answer = await askInPage(visitor, page);
    expect([answer.status, answer.html]).toEqual([204, '']);
    const given = answer.headers.getSetCookie();
    for (const name of ['assent_interaction', 'assent_resume']) {
      const line = given.find((one) => one.startsWith(`${name}=`)) ?? '';
      expect(line).toMatch(/; httponly/i);
      const end = Date.parse(/; expires=([^;]+)/.exec(line)?.[1] ?? '');
      expect(end - Date.now()).toBeGreaterThan(29 * MINUTE * 1000);
    }
    // That of the session ends with the browser, and nothing makes it last.
    expect(given.filter((one) => one.startsWith('assent_session='))).toEqual([]);
    shiftTime(55 * MINUTE);
    const decided = await allow(visitor, page);
    expect(decided.location).toContain('code=');
  });

  test('without asking it is over after half an hour', async () => {
    const { visitor, page } = await begin(server, {});
    shiftTime(31 * MINUTE);
    for (const path of ['', '/time']) expect((await visitor.get(`${page.url}${path}`)).status).toBe(400);
  });

  test('ten times, with the session in which it came up; then the page says that it is the last', async () => {
    const { visitor, page } = await beginSignedIn(server, { change });
    for (let n = 1; n <= 10; n += 1) {
      shiftTime(n * 29 * MINUTE);
      expect((await askInPage(visitor, page)).status, `time ${n}`).toBe(204);
    }
    shiftTime(10 * 30 * MINUTE);
    // The last half hour is a little shorter each time that somebody asks early.
    expect((await askInPage(visitor, page)).status).toBe(204);
    const last = await askInPage(visitor, page);
    expect(last.html).toContain('The page closes soon');
    const question = await visitor.get(page.url);
    expect(question.html).toContain('We cannot keep it open for longer.');
    expect(refreshOf(question)).toBeUndefined();
    const decided = await allow(visitor, question);
    expect(decided.location).toContain('code=');
  });

  test('what ends at last stays ended', async () => {
    const { visitor, page } = await begin(server, {});
    for (let n = 1; n <= 11; n += 1) {
      shiftTime(n * 29 * MINUTE);
      await askInPage(visitor, page);
    }
    shiftTime(11 * 30 * MINUTE + 1);
    expect((await visitor.get(page.url)).status).toBe(400);
    expect((await askInPage(visitor, page)).status).toBe(400);
  });

  test('nobody else can keep a page open: not another browser, not another site, not without the page’s token', async () => {
    const { visitor, page } = await begin(server, {});
    const form = formTo(page, '/time');
    const { visitor: stranger } = await begin(server, {});
    expect((await stranger.post(form.action, form.fields)).status).toBe(400);
    expect((await visitor.post(form.action, [['stay', 'yes']])).status).toBe(403);
    const foreign = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' };
    expect((await visitor.post(form.action, form.fields, foreign)).status).toBe(403);
    shiftTime(31 * MINUTE);
    expect((await visitor.get(page.url)).status).toBe(400);
  });

  test('a page that was answered is not brought back', async () => {
    const { visitor, page } = await beginSignedIn(server, { change });
    const kept = visitor.copy();
    await allow(visitor, page);
    expect((await askInPage(kept, page)).status).toBe(400);
    expect((await kept.get(page.url)).status).toBe(400);
  });
});
