import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChildServer } from '../../support/child.ts';
import { onServer } from '../../support/database.ts';
import { createWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.dispose());

interface ListedKey {
  readonly kid: string;
  readonly alg: string;
  readonly state: string;
  readonly until: string;
}

/** Reads the table that `key list` and `key rotate` print. */
function readTable(output: string): ListedKey[] {
  const lines = output.split('\n').filter((line) => /^\S{43} +[ER]S256 /.test(line));
  return lines.map((line) => {
    const [kid = '', alg = '', state = '', , until = ''] = line.split(/ +/);
    return { kid, alg, state, until };
  });
}

const listed = async () => readTable(await world.out('key', 'list'));

const inUse = (keys: readonly ListedKey[]) =>
  keys
    .filter(({ state }) => state !== 'retiring')
    .map(({ alg, state }) => `${alg} ${state}`)
    .toSorted();

const complete = ['ES256 active', 'ES256 next', 'RS256 active', 'RS256 next'];

const kidOf = (keys: readonly ListedKey[], state: string) =>
  keys.find((key) => key.alg === 'ES256' && key.state === state)?.kid;

/** One life of a server: gets a token, and checks it and another against what that server publishes. */
async function serve(verify: readonly string[] = []): Promise<string> {
  const server = await startChildServer(world.env);
  try {
    const response = await fetch(`${server.issuer}/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from('clinic-backend:demo-secret-clinic-backend').toString('base64')}`,
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'system/Flag.read' }),
    });
    const { access_token } = (await response.json()) as { access_token: string };
    const published = createRemoteJWKSet(new URL(`${server.issuer}/jwks`));
    for (const token of [access_token, ...verify])
      await jwtVerify(token, published, { issuer: server.issuer });
    return access_token;
  } finally {
    await server.stop();
  }
}

describe('signing keys from the command line', () => {
  test('rotate one state at a time, and what was signed before is still verified', async () => {
    const before = await serve();
    const first = await listed();
    expect(inUse(first)).toEqual(complete);
    expect(decodeProtectedHeader(before).kid).toBe(kidOf(first, 'active'));

    const output = await world.out('key', 'rotate');
    expect(output).toContain('A server that is running signs with the new key after its next start.');
    const second = await listed();
    expect(readTable(output)).toEqual(second);
    expect(inUse(second)).toEqual(complete);
    expect(kidOf(second, 'active')).toBe(kidOf(first, 'next'));
    const retiring = second.find(({ kid }) => kid === kidOf(first, 'active'));
    expect(retiring?.state).toBe('retiring');
    const left = Date.parse(String(retiring?.until)) - Date.now();
    expect(left).toBeGreaterThan(23 * 3600 * 1000);
    expect(left).toBeLessThanOrEqual(24 * 3600 * 1000);

    const after = await serve([before]);
    expect(decodeProtectedHeader(after).kid).toBe(kidOf(second, 'active'));
  });

  test('are recorded with who rotated them, and never printed or recorded with their secrets', async () => {
    const rows = await world.look((sql) =>
      sql<{ detail: Record<string, unknown> }>(`SELECT detail FROM audit_events WHERE type LIKE 'key.%'`),
    );
    expect(rows.filter(({ detail }) => detail.actor === 'key rotate')).toHaveLength(2);
    expect(JSON.stringify(rows)).not.toMatch(/"d"|private/);
    expect(await world.out('key', 'list')).not.toMatch(/"d"|private/);
  });
});

if (!onServer)
  console.warn(
    'Two rotations at once are not tested: the embedded database has one process; set DATABASE_URL',
  );

describe.skipIf(!onServer)('two operators who rotate at the same time', () => {
  test('leave one active and one next key of each algorithm, and whoever lost is told so in plain words', async () => {
    const outcomes = await Promise.all([world.run('key', 'rotate'), world.run('key', 'rotate')]);
    expect(inUse(await listed())).toEqual(complete);
    expect(outcomes.map(({ code }) => code)).toContain(0);
    for (const { stderr } of outcomes) expect(stderr).not.toMatch(/Something went wrong|constraint|SQL/);
  });
});
