import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Sent, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { formTo, type Page, type Visitor } from '../../support/visitor.ts';
import { begin, beginSignedIn, leftBehind } from '../pages/steps.ts';
import { say } from './raw.ts';

let server: TestServer;
/** A person at the sign-in page, and one at the consent page. */
let signingIn: { visitor: Visitor; page: Page };
let deciding: { visitor: Visitor; page: Page };

beforeAll(async () => {
  server = await startServer();
  signingIn = await begin(server);
  deciding = await beginSignedIn(server);
});
afterAll(() => server.close());

const urlencoded = { 'Content-Type': 'application/x-www-form-urlencoded' };
const password = (characters: number) => `identifier=aroha&password=${'x'.repeat(characters)}`;

const bodies: Readonly<Record<string, Pick<Sent, 'headers' | 'body' | 'chunked'>>> = {
  '65,537 bytes': { headers: urlencoded, body: 'a='.padEnd(65_537, 'x') },
  '10,000 parameters': { headers: urlencoded, body: 'name=value&'.repeat(10_000) },
  'a password of 1 MB': { headers: urlencoded, body: password(1_000_000) },
  'a password of 1 MB, its length not announced': {
    headers: urlencoded,
    body: password(1_000_000),
    chunked: true,
  },
  'JSON of 1 MB': {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ password: 'x'.repeat(1_000_000) }),
  },
};

/** 20 kB on the way, 20 MB when it is unpacked. */
const bomb = gzipSync(Buffer.alloc(20_000_000, 'a'));

/** Addresses that read a form, and what a browser sends along. */
const readers: Readonly<Record<string, () => { path: string; visitor?: Visitor }>> = {
  token: () => ({ path: '/token' }),
  'pushed request': () => ({ path: '/request' }),
  introspection: () => ({ path: '/token/introspection' }),
  revocation: () => ({ path: '/token/revocation' }),
  userinfo: () => ({ path: '/me' }),
  authorisation: () => ({ path: '/auth' }),
  'sign-in': () => ({ path: formTo(signingIn.page, '/sign-in').action, visitor: signingIn.visitor }),
  'going back': () => ({ path: formTo(signingIn.page, '/cancel').action, visitor: signingIn.visitor }),
  consent: () => ({ path: formTo(deciding.page, '/consent').action, visitor: deciding.visitor }),
  role: () => ({
    path: formTo(deciding.page, '/consent').action.replace('/consent', '/role'),
    visitor: deciding.visitor,
  }),
  'sign-out': () => ({ path: '/session/end/confirm', visitor: deciding.visitor }),
  'search of the demonstration': () => ({ path: '/demo/fhir/r4/Patient/_search' }),
};

/** Sends a body as a page of ours would. */
function sendTo(path: string, { headers, ...sent }: Omit<Sent, 'path'>, visitor?: Visitor): Promise<Answer> {
  const browser = { 'Sec-Fetch-Site': 'same-origin', Cookie: visitor?.cookies(path).join('; ') ?? '' };
  return send(server, { ...sent, path, headers: { ...browser, ...headers } });
}

describe.for(Object.keys(readers))('IN-02 too much for %s:', (name) => {
  const reader = () => {
    const make = readers[name];
    if (make === undefined) throw new Error(`no address ${name}`);
    return make();
  };

  test.for(Object.keys(bodies))('%s is refused, and nothing has happened', async (body) => {
    const { path, visitor } = reader();
    const before = await leftBehind(server);
    const answer = await sendTo(path, bodies[body] ?? {}, visitor);
    // JSON is refused for what it is before its length is: 403 by a page, 415 by the FHIR server.
    expect(body.startsWith('JSON') ? [400, 403, 413, 415] : [400, 413]).toContain(answer.status);
    expect(answer.body).not.toMatch(/x{100}|node_modules|\.ts:\d/);
    expect(await leftBehind(server)).toEqual(before);
  });

  test('a form that swells to 20 MB is refused before it is whole', async () => {
    const { path, visitor } = reader();
    const headers = { ...urlencoded, 'Content-Encoding': 'gzip', 'Sec-Fetch-Site': 'same-origin' };
    const answer = await fetch(`${server.issuer}${path}`, {
      method: 'POST',
      body: bomb,
      headers: { ...headers, Cookie: visitor?.cookies(path).join('; ') ?? '' },
      redirect: 'manual',
    });
    // Who does not unpack it finds no token in it: 401 at /me.
    expect([400, 401, 413]).toContain(answer.status);
    await answer.arrayBuffer();
  });
});

describe('IN-02 a body that nobody reads', () => {
  test.for([
    ['/jwks', 404],
    ['/', 404],
    ['/nowhere', 404],
    ['/interaction/kete', 404],
    ['/demo/connect', 303],
    ['/demo/refresh', 303],
  ] as const)('at %s is thrown away as it comes: %i, as without one', async ([path, status]) => {
    const answer = await sendTo(path, { headers: urlencoded, body: password(1_000_000) });
    expect(answer.status).toBe(status);
  });
});

describe('IN-02 a head that is too long is refused at every address:', () => {
  const long = 'x'.repeat(17_000);
  const paths = ['/token', '/auth', '/', '/jwks', '/interaction/kete', '/health/live', '/demo', '/nowhere'];

  test.for(paths)('a header of 17 kB at %s: 431', async (path) => {
    expect(await send(server, { method: 'GET', path, headers: { 'X-Long': long } })).toMatchObject({
      status: 431,
    });
  });

  test.for(paths)('an address of 17 kB at %s: 431', async (path) => {
    expect(await send(server, { method: 'GET', path: `${path}?a=${long}` })).toMatchObject({ status: 431 });
  });

  // None may be left out unseen: the last one is what a proxy has added.
  test.for(paths)('a thousand headers at %s: 431', async (path) => {
    const { host } = new URL(server.issuer);
    const head = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${'a: b\r\n'.repeat(1000)}\r\n`;
    expect((await say(server, head)).statuses).toEqual([431]);
  });
});

test('IN-02 after all of that, the person signs in and decides', async () => {
  const { action, fields } = formTo(deciding.page, '/consent');
  const answer = await deciding.visitor.post(action, [...fields, ['decision', 'allow']]);
  expect((await deciding.visitor.follow(answer)).location).toContain('code=');
});
