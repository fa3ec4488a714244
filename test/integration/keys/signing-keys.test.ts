import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { complete, inUse, type KeyWorld, kidOf, openKeyWorld } from './fixture.ts';

let world: KeyWorld;

beforeEach(async () => {
  world = await openKeyWorld();
});
afterEach(() => world.close());

describe('making keys', () => {
  test('by five starters at once leaves one active and one next of each algorithm, and a record of each', async () => {
    await world.sql('DELETE FROM signing_keys');
    await world.sql('DELETE FROM audit_events');
    await Promise.all(Array.from({ length: 5 }, () => world.open().ensure()));
    const keys = await world.open().list();
    expect(inUse(keys)).toEqual(complete);
    expect(keys).toHaveLength(4);
    const rows = await world.sql<{ kid: string }>(
      `SELECT detail->>'kid' AS kid FROM audit_events WHERE type = 'key.created'`,
    );
    expect(rows.map(({ kid }) => kid).toSorted()).toEqual(keys.map(({ kid }) => kid).toSorted());
  });

  test('changes nothing where nothing is missing', async () => {
    const before = await world.open().list();
    await world.open().ensure();
    expect(await world.open().list()).toEqual(before);
  });

  test('adds only what is missing', async () => {
    const before = await world.open().list();
    await world.sql(`DELETE FROM signing_keys WHERE alg = 'ES256' AND state = 'next'`);
    await world.open().ensure();
    const after = await world.open().list();
    expect(inUse(after)).toEqual(complete);
    expect(kidOf(after, 'active')).toBe(kidOf(before, 'active'));
  });
});

describe('AD-06 who reads the database', () => {
  test('finds no private key: no member of one stands there in the clear', async () => {
    const privateJwks = await world.open().privateJwks();
    const [dump] = await world.sql<{ text: string }>(
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
    const rows = await world.sql<{ alg: string; public_jwk: object }>(
      'SELECT alg, public_jwk FROM signing_keys',
    );
    const members = {
      ES256: ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
      RS256: ['alg', 'e', 'kid', 'kty', 'n', 'use'],
    };
    for (const { alg, public_jwk } of rows) {
      expect(Object.keys(public_jwk).toSorted()).toEqual(members[alg as keyof typeof members]);
    }
  });

  test('cannot tell that two rows hold the same: each is sealed with a nonce of its own', async () => {
    const rows = await world.sql<{ nonce: string }>(
      'SELECT left(private_key, 16) AS nonce FROM signing_keys',
    );
    expect(new Set(rows.map(({ nonce }) => nonce)).size).toBe(4);
  });
});

describe('a signing key cannot be used', () => {
  const wrongKey = { code: 'wrong_master_key', message: expect.stringContaining('ASSENT_MASTER_KEY') };

  test('under another master key', async () => {
    await expect(world.open({ key: Buffer.alloc(32, 8) }).privateJwks()).rejects.toMatchObject(wrongKey);
  });

  test('in the row of another key', async () => {
    await world.sql(
      `UPDATE signing_keys AS one SET private_key = other.private_key FROM signing_keys AS other
       WHERE one.alg = other.alg AND one.kid <> other.kid AND one.alg = 'ES256'`,
    );
    await expect(world.open().privateJwks()).rejects.toMatchObject(wrongKey);
  });

  test.each([
    [
      'one bit flipped',
      `overlay(private_key placing CASE right(left(private_key, 41), 1) WHEN 'A' THEN 'B' ELSE 'A' END from 41)`,
    ],
    ['cut short', 'left(private_key, 20)'],
    ['emptied', `''`],
  ])('when its row was changed: %s', async (_, expression) => {
    await world.sql(`UPDATE signing_keys SET private_key = ${expression} WHERE alg = 'ES256'`);
    await expect(world.open().privateJwks()).rejects.toMatchObject(wrongKey);
  });
});
