import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, send, startNode, type TestNode } from '../../support/fixtures.ts';
import { authorisationRequest, createVisitor, demoPassword, type Visitor } from '../../support/visitor.ts';
import { begin } from '../pages/steps.ts';
import {
  knownCookie,
  newAddress,
  newPerson,
  openTypist,
  startWorld,
  type Typist,
  typeRight,
  typeWrong,
  type World,
} from './typing.ts';

let world: World;
let secure: TestNode;
beforeAll(async () => {
  world = await startWorld(13);
  secure = await startNode(world.server, { ...world.env, ISSUER: 'https://auth.example.test' });
});
afterEach(() => world.end());
afterAll(async () => {
  await secure.close();
  await world.server.close();
});

const open = (identifier: string, visitor?: Visitor) =>
  openTypist(world.server, { identifier, source: newAddress(), ...(visitor && { visitor }) });

/** A browser in which somebody signed in before, and was gone again. */
async function knownTo(identifier: string): Promise<Visitor> {
  const typist = await open(identifier);
  expect((await typeRight(typist)).status).toBe(303);
  return typist.visitor;
}

/** Somebody else guesses until strangers have to wait. */
async function beset(identifier: string): Promise<Typist> {
  const stranger = await open(identifier);
  expect(await typeWrong(stranger, 5)).toEqual([200, 200, 200, 200, 429]);
  return stranger;
}

/** A browser that has only this one cookie. */
const withCookie = (pair: string) => {
  const [name = '', value = ''] = pair.split('=');
  return createVisitor(world.server.issuer, [{ name, value, path: '/' }]);
};

describe('LO-01 who guesses at her password does not keep Aroha out', () => {
  test('of the browser in which she signed in before', async () => {
    const aroha = await newPerson(world.server);
    const own = await knownTo(aroha);
    const stranger = await beset(aroha);
    const typist = await open(aroha, own);
    expect(await typeWrong(typist, 1)).toEqual([200]);
    expect((await typeRight(typist)).status).toBe(303);
    // That she is in does not give the stranger new tries.
    expect((await typeRight(stranger)).status).toBe(429);
  });

  test('but there too tries have their limit; it is no one else’s, and ends by time', async () => {
    const aroha = await newPerson(world.server);
    const own = await knownTo(aroha);
    const thief = await open(aroha, own);
    expect(await typeWrong(thief, 6)).toEqual([200, 200, 200, 200, 429, 429]);
    expect((await typeRight(thief)).status).toBe(429);
    expect((await typeRight(await open(aroha))).status).toBe(303);
    await world.pass(31);
    expect((await typeRight(await open(aroha, own))).status).toBe(303);
  });

  test('of it when others signed in there since', async () => {
    const aroha = await newPerson(world.server);
    const own = await knownTo(aroha);
    expect((await typeRight(await open(await newPerson(world.server), own))).status).toBe(303);
    await beset(aroha);
    expect((await typeRight(await open(aroha, own))).status).toBe(303);
  });
});

describe('LO-01 a cookie counts for nothing', () => {
  test('that is somebody else’s', async () => {
    const foreign = await knownTo(await newPerson(world.server));
    const aroha = await newPerson(world.server);
    await beset(aroha);
    expect((await typeRight(await open(aroha, foreign))).status).toBe(429);
  });

  test.for([
    ['that nobody signed', (value: string) => value.replaceAll(/[\w-]{43}/g, 'A'.repeat(43))],
    [
      'whose end was moved',
      (value: string) => value.replaceAll(/\.(\d+)\./g, (_, end) => `.${Number(end) + 1}.`),
    ],
    ['that is noise', () => 'x'.repeat(3000)],
    ['that is empty', () => ''],
    ['that is a name', () => 'aroha%40example.test'],
  ] as const)('%s', async ([, forge]) => {
    const aroha = await newPerson(world.server);
    const [name = '', value = ''] = knownCookie(await knownTo(aroha)).split('=');
    await beset(aroha);
    expect((await typeRight(await open(aroha, withCookie(`${name}=${forge(value)}`)))).status).toBe(429);
    expect((await typeRight(await open(aroha, withCookie(`${name}=${value}`)))).status).toBe(303);
  });

  test('that a wrong password gave: none is given', async () => {
    const typist = await open('nobody@example.test');
    expect((await typist.type('wrong')).headers.getSetCookie()).toEqual([]);
    expect((await typeRight(typist)).headers.getSetCookie()).toEqual([]);
  });
});

const attributes = (line: string | undefined) => (line ?? '').split(/;\s*/).slice(1).sort();

describe('SE-01 the cookie', () => {
  test('says nothing of her, and is not for scripts or other sites', async () => {
    const aroha = await newPerson(world.server);
    const typist = await open(aroha);
    const lines = (await typeRight(typist)).headers.getSetCookie();
    const line = lines.find((one) => one.startsWith('assent_known='));
    expect(attributes(line)).toEqual(['HttpOnly', 'Max-Age=15552000', 'Path=/', 'SameSite=Lax']);
    expect(line).toMatch(/^assent_known=[\w-]{22}\.\d+\.[\w-]{43}~[\w-]{22}\.\d+\.[\w-]{43};/);
    // It survives the end of the session, and says who she is to nobody: she is asked to sign in.
    const { page } = await begin(world.server, { visitor: withCookie(line?.split(';')[0] ?? '') });
    expect(page.html).toContain('/sign-in"');
    expect(page.html).not.toContain(aroha);
  });

  test('is bound to this host where the issuer is https', async () => {
    const step = (path: string, cookies: readonly string[], body?: string): Promise<Answer> =>
      send(secure, {
        method: body === undefined ? 'GET' : 'POST',
        path,
        ...(body === undefined ? {} : { body }),
        headers: {
          Host: 'auth.example.test',
          'X-Forwarded-Proto': 'https',
          'Content-Type': 'application/x-www-form-urlencoded',
          Cookie: cookies.map((line) => line.split(';')[0]).join('; '),
        },
      });
    const { pathname, search } = new URL(
      authorisationRequest('https://auth.example.test', { aud: `${world.server.issuer}/demo/fhir/r4` }).url,
    );
    const started = await step(`${pathname}${search}`, []);
    const cookies = started.headers['set-cookie'] ?? [];
    const path = new URL(started.headers.location ?? '', 'https://auth.example.test').pathname;
    const csrf = /name="csrf" value="([^"]+)"/.exec((await step(path, cookies)).body)?.[1] ?? '';
    const typed = { csrf, identifier: 'aroha@example.test', password: demoPassword };
    const answer = await step(`${path}/sign-in`, cookies, new URLSearchParams(typed).toString());
    expect(answer.status).toBe(303);
    const line = answer.headers['set-cookie']?.find((one) => one.startsWith('__Host-assent_known='));
    expect(attributes(line)).toEqual(['HttpOnly', 'Max-Age=15552000', 'Path=/', 'SameSite=Lax', 'Secure']);
  });
});
