import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PUBLISHED_BEFORE } from '../../../src/keys/index.ts';
import { assent, type ChildServer, startChildServer } from '../../support/child.ts';
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
  readonly from: string;
  readonly until: string;
}

/** Reads the table that `key list` and `key rotate` print. */
function readTable(output: string): ListedKey[] {
  const lines = output.split('\n').filter((line) => /^\S{43} +[ER]S256 /.test(line));
  return lines.map((line) => {
    const [kid = '', alg = '', state = '', , from = '', until = ''] = line.split(/ +/);
    return { kid, alg, state, from, until };
  });
}

const listed = async () => readTable(await world.out('key', 'list'));

const inUse = (keys: readonly ListedKey[]) =>
  keys
    .filter(({ state }) => state !== 'retiring')
    .map(({ alg, state }) => `${alg} ${state}`)
    .toSorted();

const complete = ['ES256 active', 'ES256 next', 'RS256 active', 'RS256 next'];

const keyIn = (keys: readonly ListedKey[], state: string) =>
  keys.find((key) => key.alg === 'ES256' && key.state === state);

const kidOf = (keys: readonly ListedKey[], state: string) => keyIn(keys, state)?.kid;

const WAITED = PUBLISHED_BEFORE / 60;

/** As if the next keys had been made so many minutes ago, and planned as they then are, if they are. */
const nextMade = (minutes: number) =>
  world.look((sql) =>
    sql(`UPDATE signing_keys SET created_at = now() - interval '${minutes} minutes',
                signs_from = CASE WHEN signs_from IS NOT NULL THEN now() - interval '${minutes - WAITED} minutes' END
         WHERE state = 'next'`),
  );

async function withServer<T>(work: (server: ChildServer) => Promise<T>): Promise<T> {
  const server = await startChildServer(world.env);
  return work(server).finally(() => server.stop());
}

async function obtain({ issuer }: ChildServer): Promise<string> {
  const secret = Buffer.from('clinic-backend:demo-secret-clinic-backend').toString('base64');
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${secret}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'system/Flag.read' }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}

/** Checks tokens against what a server publishes. */
async function verify({ issuer }: ChildServer, ...tokens: readonly string[]): Promise<void> {
  const published = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  for (const token of tokens) await jwtVerify(token, published, { issuer });
}

const signerOf = (token: string) => decodeProtectedHeader(token).kid;

const changed = 'the signing keys have changed';

/** Each command is a process with an embedded database of its own. */
const timeout = 120_000;

describe('rotating from the command line', { timeout }, () => {
  let before: string;
  let planned: readonly ListedKey[];

  test('is planned while the next keys are too young, with when they will sign', async () => {
    await nextMade(0);
    before = await withServer(obtain);
    const first = await listed();
    expect(inUse(first)).toEqual(complete);
    expect([signerOf(before), keyIn(first, 'next')?.from]).toEqual([kidOf(first, 'active'), '-']);

    const output = await world.out('key', 'rotate');
    const second = readTable(output);
    planned = await listed();
    expect(planned).toEqual(second);
    expect(second.map(({ kid, state }) => [kid, state])).toEqual(first.map(({ kid, state }) => [kid, state]));
    const from = keyIn(second, 'next')?.from ?? '';
    const left = Date.parse(from) - Date.now();
    expect(left).toBeGreaterThan((WAITED - 2) * 60 * 1000);
    expect(left).toBeLessThanOrEqual(WAITED * 60 * 1000);
    const time = `${from.slice(11, 19)}Z`;
    expect(output).toMatch(
      new RegExp(`The next key is published since [\\d:]{8}Z; it signs from ${time}, when no cached`),
    );
    expect(output).toContain('\nRunning servers change over by themselves.\n');
    expect(output).not.toContain('asked for before');
  });

  test('is not planned twice', async () => {
    const output = await world.out('key', 'rotate');
    expect(output).toContain('\nThis was asked for before; nothing was changed.\nThe next key is published');
    expect(readTable(output)).toEqual(planned);
  });

  test('is carried out by a running server when it is due; what was signed before is still verified', async () => {
    await nextMade(10);
    await withServer(async (server) => {
      await server.child.said(changed);
      const after = await obtain(server);
      expect(signerOf(after)).toBe(kidOf(planned, 'next'));
      await verify(server, before, after);
    });
    const done = await listed();
    expect(inUse(done)).toEqual(complete);
    const retiring = keyIn(done, 'retiring');
    expect(retiring?.kid).toBe(kidOf(planned, 'active'));
    const left = Date.parse(String(retiring?.until)) - Date.now();
    expect(left).toBeGreaterThan(23 * 3600 * 1000);
    expect(left).toBeLessThanOrEqual(24 * 3600 * 1000);
  });

  test('is done at once when the next keys have been published for long enough', async () => {
    await nextMade(10);
    const first = await listed();
    const output = await world.out('key', 'rotate');
    expect(output).toContain('signs from now on; running servers change over within 5 seconds.\n');
    const second = readTable(output);
    expect([kidOf(second, 'active'), inUse(second)]).toEqual([kidOf(first, 'next'), complete]);
    await withServer(async (server) => {
      const after = await obtain(server);
      expect(signerOf(after)).toBe(kidOf(first, 'next'));
      await verify(server, before, after);
    });
  });

  test('is recorded with who asked, and no secret is printed or recorded', async () => {
    const rows = await world.look((sql) =>
      sql<{ type: string; detail: Record<string, unknown> }>(
        `SELECT type, detail FROM audit_events WHERE type LIKE 'key.%'`,
      ),
    );
    const rotated = rows.filter(({ type }) => type === 'key.rotated');
    expect(rotated.map(({ detail }) => detail.actor)).toEqual(Array(4).fill('key rotate'));
    expect(JSON.stringify(rows)).not.toMatch(/"d"|private/);
    expect(await world.out('key', 'list')).not.toMatch(/"d"|private/);
  });
});

if (!onServer)
  console.warn(
    'Rotating beside a running server is not tested: the embedded database has one process; set DATABASE_URL',
  );

describe.skipIf(!onServer)('rotating beside a running server', { timeout }, () => {
  test('changes what it signs with, and its tokens from before are verified', async () => {
    await nextMade(10);
    await withServer(async (server) => {
      const before = await obtain(server);
      const next = kidOf(await listed(), 'next');
      await world.out('key', 'rotate');
      await server.child.said(changed);
      const after = await obtain(server);
      expect(signerOf(after)).toBe(next);
      await verify(server, before, after);
    });
  });

  test.for([61, -61])(
    'is refused on a machine whose clock is %i s wrong, which lists the keys',
    async (skew) => {
      await nextMade(20);
      const before = await listed();
      const machine = {
        ...world.env,
        // Where the demonstration is, its time may be moved.
        DEMO: '0',
        NODE_OPTIONS: `--import ${new URL('../keys/children/moved-time.ts', import.meta.url).href}`,
        TIME_SHIFT: String(skew),
      };
      const { code, stdout, stderr } = await assent(['key', 'rotate'], machine);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(
        /^Nothing was changed:\n {2}- the clock of this machine differs from the database's by 6[0-2] s\n {2}- set both by NTP/,
      );
      expect(await listed()).toEqual(before);
      expect(readTable((await assent(['key', 'list'], machine)).stdout)).toEqual(before);
    },
  );

  test('by two operators at once happens once', async () => {
    await nextMade(10);
    const next = kidOf(await listed(), 'next');
    const outcomes = await Promise.all([world.run('key', 'rotate'), world.run('key', 'rotate')]);
    expect(outcomes.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    const after = await listed();
    expect([kidOf(after, 'active'), inUse(after)]).toEqual([next, complete]);
  });
});
