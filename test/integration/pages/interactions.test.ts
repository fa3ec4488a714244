import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { allow, createVisitor, formTo, type Page, signIn, type Visitor } from '../../support/visitor.ts';
import { begin, beginSignedIn, leftBehind, press, responseOf, visit } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

/** Every test begins at a page that is shown, whatever was decided before. */
const change = { prompt: 'consent' };

function expectOver(page: Page): void {
  expect(page).toMatchObject({ status: 400, location: undefined });
  expect(page.html).toContain('This page is no longer valid');
  expect(page.html).toContain('Go back to the application you came from and start again.');
}

/** The cookies of a browser for a path, given to another one by hand. */
const cookieHeader = (visitor: Visitor, url: string) => ({
  Cookie: visitor.cookies(new URL(url, server.issuer).pathname).join('; '),
});

describe('a page that took too long', () => {
  test('31 minutes at the sign-in page: it is over, for reading and for sending', async () => {
    const { visitor, page } = await begin(server);
    shiftTime(31 * 60);
    expectOver(await visitor.get(page.url));
    expectOver(await signIn(visitor, page));
  });

  test('31 minutes at the consent page: it is over, and nothing is decided', async () => {
    const { visitor, page } = await beginSignedIn(server, { change });
    const before = await leftBehind(server);
    shiftTime(31 * 60);
    expectOver(await visitor.get(page.url));
    for (const decision of ['allow', 'deny', 'switch']) expectOver(await press(visitor, page, decision));
    expect(await leftBehind(server)).toEqual(before);
  });

  test('29 minutes are no problem', async () => {
    const { visitor, page } = await begin(server, { change });
    shiftTime(29 * 60);
    const consent = await signIn(visitor, page);
    shiftTime(58 * 60);
    expect(responseOf(await allow(visitor, consent)).has('code')).toBe(true);
  });
});

describe('a page that is over', () => {
  test('bookmarked pages of a finished request say so', async () => {
    const { visitor, page: first } = await begin(server, { change });
    const second = await signIn(visitor, first);
    expectOver(await visitor.get(first.url));
    await allow(visitor, second);
    expectOver(await visitor.get(first.url));
    expectOver(await visitor.get(second.url));
    expectOver(await visitor.get(second.url.replace('/interaction/', '/auth/')));
  });

  test('the way back of a finished request is no second code', async () => {
    const { visitor, page } = await beginSignedIn(server, { change });
    const answered = await press(visitor, page, 'allow');
    expect(responseOf(await visitor.follow(answered)).has('code')).toBe(true);
    expectOver(await visitor.get(answered.location ?? ''));
  });

  test.for(['nonsense', '%2e%2e%2fauth', 'x'.repeat(500), '%F0%28', "'%20OR%20true"])(
    'there is no page /interaction/%s',
    async (uid) => {
      const { visitor } = await begin(server);
      const answer = await visitor.get(`${server.issuer}/interaction/${uid}`);
      expect([400, 404]).toContain(answer.status);
      expect(answer.html).not.toMatch(/Error:|at .*\.ts/);
    },
  );
});

describe("somebody else's page", () => {
  test('another browser cannot open or answer it, with no cookies or with its own', async () => {
    const { page } = await begin(server);
    const { visitor: other } = await begin(server);
    for (const visitor of [visit(server), other]) {
      expectOver(await visitor.get(page.url));
      expectOver(await signIn(visitor, page));
    }
  });

  test('the cookies of one interaction do not open another one', async () => {
    const mine = await begin(server);
    const theirs = await begin(server);
    const headers = cookieHeader(mine.visitor, mine.page.url);
    expectOver(await createVisitor(server.issuer).get(theirs.page.url, headers));
    const form = formTo(theirs.page, '/sign-in');
    expectOver(await createVisitor(server.issuer).post(form.action, form.fields, headers));
  });

  /** Some other character: a fixed one would now and then be the one that stands there. */
  const another = (character: string) => (character === '_' ? 'A' : '_');

  test.for<[string, (cookie: string) => string]>([
    ['the id changed', (cookie) => cookie.replace(/(?<=interaction=)./, another)],
    ['the signature changed', (cookie) => cookie.replace(/(?<=interaction\.sig=)./, another)],
    ['without the signature', (cookie) => cookie.replace(/; \S*interaction\.sig=\S+/, '')],
    ['an empty signature', (cookie) => cookie.replace(/(interaction\.sig=)[^;]+/, '$1')],
  ])('SE-01 a cookie with %s counts for nothing', async ([, forge]) => {
    const { visitor, page } = await begin(server);
    const { Cookie } = cookieHeader(visitor, page.url);
    const forged = forge(Cookie);
    expect(forged).not.toBe(Cookie);
    const stranger = createVisitor(server.issuer);
    expectOver(await stranger.get(page.url, { Cookie: forged }));
    expect(await stranger.get(page.url, { Cookie })).toMatchObject({ status: 200 });
  });
});

describe('several tabs', () => {
  test('two requests side by side both reach their end, in either order', async () => {
    const first = await begin(server, { change });
    const second = await begin(server, { change, visitor: first.visitor });
    const { visitor } = first;
    const secondConsent = await signIn(visitor, second.page);
    const firstConsent = await signIn(visitor, first.page);
    for (const [begun, page] of [
      [first, firstConsent],
      [second, secondConsent],
    ] as const) {
      const response = responseOf(await allow(visitor, page));
      expect(response.get('state')).toBe(begun.request.parameters.state);
      expect(response.has('code')).toBe(true);
    }
  });

  test('two consent pages of one person in one browser are both answered', async () => {
    const first = await beginSignedIn(server, { change });
    const second = await begin(server, { change, visitor: first.visitor });
    for (const { page } of [second, first])
      expect(responseOf(await allow(first.visitor, page)).has('code')).toBe(true);
  });
});
