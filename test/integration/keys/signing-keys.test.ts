import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Audit, createAudit } from '../../../src/audit/index.ts';
import { randomIds, systemClock } from '../../../src/clock.ts';
import type { Database } from '../../../src/db/index.ts';
import { createSigningKeys, type SigningKey, type SigningKeys } from '../../../src/keys/index.ts';
import { openTestDatabase } from '../../support/database.ts';
import { masterKey as templateKey } from '../../support/template.ts';
import { shiftTime } from '../../support/time.ts';

const masterKey = Buffer.from(templateKey, 'base64');

let db: Database;
let audit: Audit;

beforeEach(async () => {
  ({ db } = await openTestDatabase());
  audit = createAudit({ db, clock: systemClock, ids: randomIds });
});
afterEach(async () => {
  shiftTime(0);
  await db.close();
});

const open = (key = masterKey): SigningKeys =>
  createSigningKeys({ db, masterKey: key, clock: systemClock, audit });

const sql = <R extends object>(text: string, values: unknown[] = []) =>
  db.query<R>({ name: '', text }, values);

/** How many keys there are of each algorithm in each state, retiring ones apart. */
const inUse = (keys: readonly SigningKey[]) =>
  keys
    .filter(({ state }) => state !== 'retiring')
    .map(({ alg, state }) => `${alg} ${state}`)
    .toSorted();

const complete = ['ES256 active', 'ES256 next', 'RS256 active', 'RS256 next'];

const kidOf = (keys: readonly SigningKey[], state: string) =>
  keys.find((key) => key.alg === 'ES256' && key.state === state)?.kid;

describe('making keys', () => {
  test('by five starters at once leaves one active and one next of each algorithm, and a record of each', async () => {
    await sql('DELETE FROM signing_keys');
    await sql('DELETE FROM audit_events');
    await Promise.all(Array.from({ length: 5 }, () => open().ensure()));
    const keys = await open().list();
    expect(inUse(keys)).toEqual(complete);
    expect(keys).toHaveLength(4);
    const rows = await sql<{ kid: string }>(
      `SELECT detail->>'kid' AS kid FROM audit_events WHERE type = 'key.created'`,
    );
    expect(rows.map(({ kid }) => kid).toSorted()).toEqual(keys.map(({ kid }) => kid).toSorted());
  });

  test('changes nothing where nothing is missing', async () => {
    const before = await open().list();
    await open().ensure();
    expect(await open().list()).toEqual(before);
  });

  test('adds only what is missing', async () => {
    const before = await open().list();
    await sql(`DELETE FROM signing_keys WHERE alg = 'ES256' AND state = 'next'`);
    await open().ensure();
    const after = await open().list();
    expect(inUse(after)).toEqual(complete);
    expect(kidOf(after, 'active')).toBe(kidOf(before, 'active'));
  });
});

describe('who reads the database', () => {
  test('finds no private key: no member of one stands there in the clear', async () => {
    const privateJwks = await open().privateJwks();
    const [dump] = await sql<{ text: string }>(
      'SELECT string_agg(one::text, chr(10)) AS text FROM signing_keys AS one',
    );
    expect(privateJwks).toHaveLength(4);
    for (const { d, p, q } of privateJwks) {
      for (const secret of [d, p, q].filter((part) => part !== undefined))
        expect(dump?.text).not.toContain(secret);
    }
    expect(dump?.text).not.toMatch(/\\?"d\\?"/);
  });

  test('finds a public half with exactly its public members', async () => {
    const rows = await sql<{ alg: string; public_jwk: object }>('SELECT alg, public_jwk FROM signing_keys');
    const members = {
      ES256: ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
      RS256: ['alg', 'e', 'kid', 'kty', 'n', 'use'],
    };
    for (const { alg, public_jwk } of rows) {
      expect(Object.keys(public_jwk).toSorted()).toEqual(members[alg as keyof typeof members]);
    }
  });

  test('cannot tell that two rows hold the same: each is sealed with a nonce of its own', async () => {
    const rows = await sql<{ nonce: string }>('SELECT left(private_key, 16) AS nonce FROM signing_keys');
    expect(new Set(rows.map(({ nonce }) => nonce)).size).toBe(4);
  });
});

describe('a signing key cannot be used', () => {
  const wrongKey = { code: 'wrong_master_key', message: expect.stringContaining('ASSENT_MASTER_KEY') };

  test('under another master key', async () => {
    await expect(open(Buffer.alloc(32, 8)).privateJwks()).rejects.toMatchObject(wrongKey);
  });

  test('in the row of another key', async () => {
    await sql(
      `UPDATE signing_keys AS one SET private_key = other.private_key FROM signing_keys AS other
       WHERE one.alg = other.alg AND one.kid <> other.kid AND one.alg = 'ES256'`,
    );
    await expect(open().privateJwks()).rejects.toMatchObject(wrongKey);
  });

  test.each([
    [
      'one bit flipped',
      `overlay(private_key placing CASE right(left(private_key, 41), 1) WHEN 'A' THEN 'B' ELSE 'A' END from 41)`,
    ],
    ['cut short', 'left(private_key, 20)'],
    ['emptied', `''`],
  ])('when its row was changed: %s', async (_, expression) => {
    await sql(`UPDATE signing_keys SET private_key = ${expression} WHERE alg = 'ES256'`);
    await expect(open().privateJwks()).rejects.toMatchObject(wrongKey);
  });
});

describe('rotating', () => {
  test('moves every key on by one state, and records it with who did it', async () => {
    const before = await open().list();
    const after = await open().rotate('iris');
    expect(inUse(after)).toEqual(complete);
    expect(kidOf(after, 'active')).toBe(kidOf(before, 'next'));
    expect(kidOf(after, 'retiring')).toBe(kidOf(before, 'active'));
    const rows = await sql<{ detail: object }>(
      `SELECT detail FROM audit_events WHERE type = 'key.rotated' AND detail->>'alg' = 'ES256'`,
    );
    expect(rows).toEqual([
      {
        detail: {
          alg: 'ES256',
          actor: 'iris',
          retiring: kidOf(before, 'active'),
          active: kidOf(before, 'next'),
          next: kidOf(after, 'next'),
        },
      },
    ]);
  });

  test('keeps the retiring key published for a day, and then forgets it', async () => {
    const before = await open().list();
    await open().rotate('iris');
    const published = async () => (await open().privateJwks()).map(({ kid }) => kid);
    shiftTime(24 * 3600 - 60);
    expect(await published()).toContain(kidOf(before, 'active'));
    shiftTime(24 * 3600 + 60);
    expect(await published()).not.toContain(kidOf(before, 'active'));
    await open().rotate('iris');
    expect(await sql('SELECT FROM signing_keys WHERE kid = $1', [kidOf(before, 'active')])).toEqual([]);
  });

  test('puts the key that signs first, of each algorithm', async () => {
    await open().rotate('iris');
    const keys = await open().list();
    for (const alg of ['ES256', 'RS256']) {
      const first = (await open().privateJwks()).find((jwk) => jwk.alg === alg);
      expect(keys.find(({ kid }) => kid === first?.kid)?.state).toBe('active');
    }
  });

  test('that fails in its middle changes nothing', async () => {
    const before = await open().list();
    const failing = createSigningKeys({
      db,
      masterKey,
      clock: systemClock,
      audit: { ...audit, record: () => Promise.reject(new Error('no room for the record')) },
    });
    await expect(failing.rotate('iris')).rejects.toThrow('no room for the record');
    expect(await open().list()).toEqual(before);
  });

  test('by five at once leaves one active and one next of each algorithm, and whoever lost is told so', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => open().rotate('iris')));
    expect(inUse(await open().list())).toEqual(complete);
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
    const codes = outcomes.flatMap((one) => (one.status === 'rejected' ? [String(one.reason.code)] : []));
    // A number would be an SQLSTATE: words of the database, which no operator is meant to read.
    expect(codes.filter((code) => /^[0-9A-Z]{5}$/.test(code))).toEqual([]);
  });
});
