import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { usual } from './stub.ts';
import { type Browser, createWorld, type World } from './world.ts';

let world: World;
let browser: Browser;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world.close());

beforeEach(async () => {
  browser = await world.connected();
  world.stub.asked.length = 0;
});

const connected = async () => (await browser.get('/demo/record')).status === 200;

describe('renewal', () => {
  test('on demand', async () => {
    expect(await browser.post('/demo/refresh')).toMatchObject({ status: 303, location: '/demo/record' });
    expect(world.asked('POST /token').map(({ form }) => form.get('grant_type'))).toEqual(['refresh_token']);
    // The stub takes its newest access token alone.
    expect((await browser.get('/demo/record')).html).toContain('Wiremu Pōtae');
  });

  test('by itself when the access token is about to end, not before', async () => {
    world.shift(560);
    expect(await connected()).toBe(true);
    expect(world.asked('POST /token')).toHaveLength(0);
    world.shift(571);
    expect(await connected()).toBe(true);
    expect(world.asked('POST /token')).toHaveLength(1);
    expect(await connected()).toBe(true);
    expect(world.asked('POST /token')).toHaveLength(1);
  });

  test('once, however many tabs ask at the same time', async () => {
    world.shift(601);
    const pages = await Promise.all([1, 2, 3, 4, 5].map(() => browser.get('/demo/record')));
    expect(pages.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(world.asked('POST /token')).toHaveLength(1);
  });

  test('that is refused: access has ended, and the tokens are forgotten', async () => {
    world.stub.behaviour.tokenFault = { status: 400, body: { error: 'invalid_grant' } };
    const page = await browser.post('/demo/refresh');
    expect(page.status).toBe(403);
    expect(page.html).toContain('Our access has ended');
    expect(await connected()).toBe(false);
  });

  test('by itself that is refused: the same', async () => {
    world.shift(601);
    world.stub.behaviour.tokenFault = { status: 400, body: { error: 'invalid_grant' } };
    expect((await browser.get('/demo/record')).html).toContain('Our access has ended');
    expect(await connected()).toBe(false);
  });

  test('that nobody answers: the tokens are kept for another try', async () => {
    world.stub.behaviour.tokenFault = { status: 503, body: { error: 'server_error' } };
    expect(await browser.post('/demo/refresh')).toMatchObject({ status: 503 });
    world.stub.behaviour = usual();
    expect(await browser.post('/demo/refresh')).toMatchObject({ status: 303, location: '/demo/record' });
  });

  test('without a connection leads to the first page', async () => {
    expect(await world.browser().post('/demo/refresh')).toMatchObject({ status: 303, location: '/demo' });
  });
});

describe('sign-out', () => {
  test('SE-04 forgets everything and leads to the sign-out of the server', async () => {
    const before = browser.cookie;
    const { status, location } = await browser.post('/demo/sign-out');
    expect(status).toBe(303);
    const { pathname, searchParams } = new URL(location, world.issuer);
    expect(pathname).toBe('/session/end');
    expect(searchParams.get('post_logout_redirect_uri')).toBe(`${world.issuer}/demo`);
    expect(world.stub.secrets).toContain(searchParams.get('id_token_hint'));
    expect(browser.cookie).toBeUndefined();
    browser.cookie = before;
    expect(await connected()).toBe(false);
  });

  test('without a connection leads to the first page', async () => {
    expect(await world.browser().post('/demo/sign-out')).toMatchObject({ status: 303, location: '/demo' });
  });
});

test('disconnecting forgets the tokens and gives them back', async () => {
  const before = browser.cookie;
  expect(await browser.post('/demo/disconnect')).toMatchObject({ status: 303, location: '/demo' });
  const [revoked] = world.asked('POST /token/revocation');
  expect(world.stub.secrets).toContain(revoked?.form.get('token'));
  browser.cookie = before;
  expect(await connected()).toBe(false);
});

describe('SE-03 forms', () => {
  const paths = ['/demo/connect', '/demo/more', '/demo/refresh', '/demo/disconnect', '/demo/sign-out'];
  const forms = [...paths, '/demo/reading'];
  const refusals: [string, Record<string, string>][] = [
    ['that does not say where it comes from', {}],
    ['from another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['from a neighbour', { 'Sec-Fetch-Site': 'same-site' }],
    ['from nowhere', { 'Sec-Fetch-Site': 'none' }],
    ['from another origin', { Origin: 'https://evil.example.test' }],
    ['from an origin that is kept secret', { Origin: 'null' }],
    ['from another site under our own origin', { 'Sec-Fetch-Site': 'cross-site', Origin: 'ours' }],
  ];

  test.each(refusals)('a form %s changes nothing', async (_title, headers) => {
    const given = headers.Origin === 'ours' ? { ...headers, Origin: world.issuer } : headers;
    for (const path of forms) {
      const page = await browser.post(path, given);
      expect(page.status, path).toBe(403);
      expect(page.html).toContain('Nothing was changed');
    }
    expect(world.stub.asked).toEqual([]);
    expect(await connected()).toBe(true);
  });

  test('a browser that says only Origin is believed', async () => {
    const page = await browser.post('/demo/refresh', { Origin: world.issuer });
    expect(page).toMatchObject({ status: 303, location: '/demo/record' });
  });

  test.each(paths)('GET %s leads to the first page and changes nothing', async (path) => {
    expect(await browser.get(path)).toMatchObject({ status: 303, location: '/demo' });
    expect(world.stub.asked).toEqual([]);
    expect(await connected()).toBe(true);
  });
});
