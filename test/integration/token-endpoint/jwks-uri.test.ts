import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { base64url, CompactSign, type JWK } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm } from '../../support/assertion.ts';
import { type Answer, form, send, startNode } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { createKeySource, type KeySource, keySet, newKey, registerPublisher } from './key-source.ts';
import { expectErrorAnswer } from './refusals.ts';

/** Clients that publish their keys themselves: their outage is not ours, and their faults stay theirs. */

let source: KeySource;
let server: TestServer;

beforeAll(async () => {
  source = await createKeySource();
  server = await startServer({ OUTGOING_ALLOW: source.allowed });
});

afterEach(() => shiftTime(0));

afterAll(async () => {
  await server.close();
  await source.stop();
});

const minute = 60;
const day = 24 * 3600;
/** How long the copy of a source that does not answer serves, in seconds. */
const COPY_LIFE = day;
/** How long a source that failed is left in peace, in seconds. */
const PAUSE = 10;
/** Every cache of a key set is older than this after so many seconds. */
const CACHE_TIME = 10 * minute;

const grant = { grant_type: 'client_credentials', scope: 'system/Flag.read' };

const publisher = (clientId: string) => registerPublisher(server, source, clientId);

async function ask(
  clientId: string,
  key: JWK,
  at: { issuer: string; port?: number } = server,
): Promise<Answer> {
  return send(at, form({ ...grant, ...assertionForm(await assertion(key, clientId, server.issuer)) }));
}

async function expectPasses(...parameters: Parameters<typeof ask>): Promise<void> {
  expect(await ask(...parameters)).toMatchObject({ status: 200 });
}

async function expectFails(...parameters: Parameters<typeof ask>): Promise<void> {
  expectErrorAnswer(await ask(...parameters), {
    status: 401,
    error: 'invalid_client',
    usedAuthorization: false,
  });
}

/** Does something with a node that knows nothing but what is in the database, as after a restart. */
async function afterRestart(work: (node: { issuer: string; port: number }) => Promise<void>): Promise<void> {
  const node = await startNode(server, { OUTGOING_ALLOW: source.allowed });
  try {
    await work(node);
  } finally {
    await node.close();
  }
}

describe('a key set that the client publishes', () => {
  test('is fetched once for many requests', async () => {
    const path = await publisher('eye-clinic');
    const key = await newKey();
    source.publish(path, key);
    await Promise.all(Array.from({ length: 10 }, () => expectPasses('eye-clinic', key)));
    await expectPasses('eye-clinic', key);
    expect(source.asked(path)).toBe(1);
  });

  test('CA-05 does not make the key of somebody else pass', async () => {
    const path = await publisher('skin-clinic');
    source.publish(path, await newKey());
    await expectFails('skin-clinic', await newKey());
  });

  test('CA-05 cannot smuggle in a shared secret', async () => {
    const path = await publisher('odd-clinic');
    const secret = new Uint8Array(64).fill(7);
    const body = JSON.stringify({ keys: [{ kty: 'oct', k: base64url.encode(secret), kid: 'odd' }] });
    source.serve(path, (_req, res) => res.end(body));
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: 'odd-clinic', sub: 'odd-clinic', aud: server.issuer, jti: 'odd', exp: now + 60 };
    const jwt = await new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'HS256', kid: 'odd' })
      .sign(secret);
    const answer = await send(server, form({ ...grant, ...assertionForm(jwt) }));
    expectErrorAnswer(answer, { status: 401, error: 'invalid_client', usedAuthorization: false });
  });
});

describe('F-19 while the source is out of reach', () => {
  test('its copy serves: on the same node, on a restarted one, for a day and no longer', async () => {
    const path = await publisher('blood-bank');
    const key = await newKey();
    source.publish(path, key);
    await expectPasses('blood-bank', key);
    await source.stop();
    try {
      shiftTime(CACHE_TIME);
      await expectPasses('blood-bank', key);
      await afterRestart((node) => expectPasses('blood-bank', key, node));
      shiftTime(COPY_LIFE - minute);
      await afterRestart((node) => expectPasses('blood-bank', key, node));
      shiftTime(COPY_LIFE + minute);
      await afterRestart((node) => expectFails('blood-bank', key, node));
    } finally {
      await source.start();
    }
  });

  test('its copy serves when the source answers with an error', async () => {
    const path = await publisher('sleep-clinic');
    const key = await newKey();
    source.publish(path, key);
    await expectPasses('sleep-clinic', key);
    source.serve(path, (_req, res) => res.writeHead(500).end('out of order'));
    shiftTime(CACHE_TIME);
    await afterRestart((node) => expectPasses('sleep-clinic', key, node));
  });

  test('a client that was never fetched is refused, and passes once its source is back', async () => {
    const path = await publisher('foot-clinic');
    const key = await newKey();
    source.publish(path, key);
    await source.stop();
    try {
      await expectFails('foot-clinic', key);
    } finally {
      await source.start();
    }
    shiftTime(PAUSE + 1);
    await expectPasses('foot-clinic', key);
  });

  test('a fault of our own database does not look like a fault of the client', async () => {
    const path = await publisher('hand-clinic');
    const key = await newKey();
    source.serve(path, (_req, res) => res.writeHead(500).end());
    await server.sql('ALTER TABLE remote_jwks RENAME TO remote_jwks_away');
    const answer = await ask('hand-clinic', key).finally(() =>
      server.sql('ALTER TABLE remote_jwks_away RENAME TO remote_jwks'),
    );
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(answer.body).not.toContain('access_token');
  });
});

describe('when the client changes its key', () => {
  test('the new one passes after the cache time', async () => {
    const path = await publisher('heart-clinic');
    const [old, fresh] = await Promise.all([newKey(), newKey()]);
    source.publish(path, old);
    await expectPasses('heart-clinic', old);
    source.publish(path, fresh);
    shiftTime(CACHE_TIME);
    await expectPasses('heart-clinic', fresh);
  });

  test('the one that was taken back fails after the cache time, although no other was used since', async () => {
    const path = await publisher('lung-clinic');
    const [stolen, fresh] = await Promise.all([newKey(), newKey()]);
    source.publish(path, stolen);
    await expectPasses('lung-clinic', stolen);
    source.publish(path, fresh);
    shiftTime(CACHE_TIME);
    await expectFails('lung-clinic', stolen);
  });

  test('both pass while both are published', async () => {
    const path = await publisher('knee-clinic');
    const [old, fresh] = await Promise.all([newKey(), newKey()]);
    source.publish(path, old);
    await expectPasses('knee-clinic', old);
    source.publish(path, old, fresh);
    shiftTime(CACHE_TIME);
    await expectPasses('knee-clinic', old);
    await expectPasses('knee-clinic', fresh);
  });

  test('wrong keys in a row do not make the server ask the source again and again', async () => {
    const path = await publisher('ear-clinic');
    const key = await newKey();
    source.publish(path, key);
    await expectPasses('ear-clinic', key);
    const wrong = await Promise.all(Array.from({ length: 20 }, newKey));
    for (const one of wrong) await expectFails('ear-clinic', one);
    expect(source.asked(path)).toBe(1);
  });
});

describe('an answer that is no key set', () => {
  const padded = (key: JWK) => JSON.stringify({ ...JSON.parse(keySet(key)), padding: 'x'.repeat(64 * 1024) });

  const answers: readonly (readonly [story: string, (key: JWK, res: ServerResponse) => void])[] = [
    ['more than 64 kB', (key, res) => res.end(padded(key))],
    [
      'more than 64 kB of unannounced length',
      (key, res) => {
        res.write(padded(key));
        res.end();
      },
    ],
    [
      'more than 64 kB, packed small',
      (key, res) => {
        res.setHeader('Content-Encoding', 'gzip');
        res.end(gzipSync(padded(key)));
      },
    ],
    [
      'more than 64 kB in characters of several bytes',
      (key, res) => res.end(JSON.stringify({ ...JSON.parse(keySet(key)), padding: 'ā'.repeat(40_000) })),
    ],
    ['a redirect to the key set', (_key, res) => res.writeHead(302, { Location: '/elsewhere/jwks' }).end()],
    ['a permanent redirect', (_key, res) => res.writeHead(308, { Location: '/elsewhere/jwks' }).end()],
    ['no JSON', (_key, res) => res.end('<html>Welcome</html>')],
    ['an empty body', (_key, res) => res.end()],
    ['JSON without keys', (_key, res) => res.end('{"kees":[]}')],
    ['JSON whose keys are no list', (_key, res) => res.end('{"keys":{}}')],
    ['JSON whose keys are no objects', (_key, res) => res.end('{"keys":["one",2,null]}')],
    ['no keys', (_key, res) => res.end('{"keys":[]}')],
    ['the private key', (key, res) => res.end(JSON.stringify({ keys: [key] }))],
    [
      'a text with U+0000 in it',
      (key, res) => res.end(JSON.stringify({ ...JSON.parse(keySet(key)), note: '\0' })),
    ],
    ['the status 404', (key, res) => res.writeHead(404).end(keySet(key))],
    ['the status 203', (key, res) => res.writeHead(203).end(keySet(key))],
    ['a connection that is cut', (_key, res) => res.destroy()],
  ];

  for (const [index, [story, listener]] of answers.entries()) {
    test(`is refused: ${story}; a good one passes afterwards`, async () => {
      const clientId = `unlucky-clinic-${index}`;
      const path = await publisher(clientId);
      const key = await newKey();
      source.publish('/elsewhere/jwks', key);
      const elsewhere = source.asked('/elsewhere/jwks');
      source.serve(path, (_req, res) => listener(key, res));
      await expectFails(clientId, key);
      expect(source.asked(path)).toBe(1);
      expect(source.asked('/elsewhere/jwks')).toBe(elsewhere);
      source.publish(path, key);
      shiftTime(CACHE_TIME);
      await expectPasses(clientId, key);
    });
  }

  test('is refused: none at all, for as long as the request lasts', async () => {
    const path = await publisher('endless-clinic');
    const held: ServerResponse[] = [];
    source.serve(path, (_req, res) => void held.push(res));
    await expectFails('endless-clinic', await newKey());
    expect(held).toHaveLength(1);
    for (const res of held) res.destroy();
  });
});
