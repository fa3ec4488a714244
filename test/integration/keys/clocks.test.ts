import type { JWK } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/clock.ts';
import {
  createKeyWatch,
  JWKS_MAX_AGE,
  POLL,
  PUBLISHED_BEFORE,
  RETIRING_LIFE,
  type SigningKeys,
} from '../../../src/keys/index.ts';
import { complete, inUse, type KeyWorld, keyIn, kidOf, openKeyWorld, rotations } from './fixture.ts';

const RIPE = PUBLISHED_BEFORE + 60;

const DAYS = 3 * 24 * 3600;

let world: KeyWorld;
/** Seconds that have passed for everybody since the keys were made. */
let passed: number;
let begin: number;
/** A node whose clock agrees with the database's. */
let right: SigningKeys;

const time = (skew = 0) => new Date((begin + passed + skew) * 1000);

const clockAt = (skew: number): Clock => ({
  now: () => time(skew),
  seconds: () => Math.floor(time(skew).getTime() / 1000),
});

/** A node whose clock is so many seconds ahead of the database's. */
const nodeAhead = (skew: number) => world.openApart(clockAt(skew), time);

beforeEach(async () => {
  begin = Date.now() / 1000;
  passed = 0;
  world = await openKeyWorld();
  right = await nodeAhead(0);
});
afterEach(() => world.close());

const stored = () => world.sql<{ kid: string }>('SELECT * FROM signing_keys ORDER BY kid');
const recorded = () => world.sql(`SELECT * FROM audit_events WHERE type LIKE 'key.%' ORDER BY id`);
const everything = async () => [await stored(), await recorded()];
const loseNextKeys = () => world.sql(`DELETE FROM signing_keys WHERE state = 'next'`);

/** The kids of the live keys, as a node has them in each way in which it reads them. */
async function readBy(keys: SigningKeys): Promise<readonly (readonly string[])[]> {
  const [kept, listed, jwks] = [await keys.keep(), await keys.list(), await keys.privateJwks()];
  return [kept, listed.map(({ kid }) => kid), jwks.map(({ kid }) => String(kid))].map((kids) =>
    kids.toSorted(),
  );
}

/** What an operator is told on a machine whose clock is wrong. */
const refused = (skew: number) => ({
  code: 'refused',
  message: expect.stringMatching(
    new RegExp(
      `^Nothing was changed:\\n  - the clock of this machine differs from the database's by ${Math.abs(skew)} s\\n  - .*NTP`,
    ),
  ),
});

describe.for([61, -61, 60, -60, DAYS, -DAYS])(
  'F-08 a node whose clock is %i s ahead of the database’s',
  (skew) => {
    let wrong: SigningKeys;
    beforeEach(async () => {
      wrong = await nodeAhead(skew);
    });

    test.for([-30, 3600])('carries out no rotation, %i s after it is due', async (late) => {
      const { keys } = await right.rotate('iris');
      passed = (Number(keyIn(keys, 'next')?.signsFrom) - begin * 1000) / 1000 + late;
      const before = await everything();
      const kids = keys.map(({ kid }) => kid).toSorted();
      expect(await readBy(wrong)).toEqual([kids, kids, kids]);
      expect(await everything()).toEqual(before);
    });

    test('publishes a retiring key until it has expired by the database’s clock, and leaves its row alone', async () => {
      passed = RIPE;
      const { keys } = await right.rotate('iris');
      const all = keys.map(({ kid }) => kid).toSorted();
      const before = await everything();
      passed = RIPE + RETIRING_LIFE - 1;
      expect(await readBy(wrong)).toEqual([all, all, all]);
      passed = RIPE + RETIRING_LIFE + 1;
      const left = keys.filter(({ state }) => state !== 'retiring').map(({ kid }) => kid);
      expect(await readBy(wrong)).toEqual(Array(3).fill(left.toSorted()));
      expect(await everything()).toEqual(before);
      await right.keep();
      expect(await stored()).toHaveLength(left.length);
    });

    test('makes no key that is missing, neither in a look nor at its start', async () => {
      await loseNextKeys();
      const before = await everything();
      const kids = await wrong.keep();
      expect(kids.toSorted()).toEqual((await stored()).map(({ kid }) => kid));
      await expect(wrong.ensure()).rejects.toMatchObject(refused(skew));
      expect(await everything()).toEqual(before);
    });

    test('starts where no key is missing', async () => {
      const before = await everything();
      await wrong.ensure();
      expect(await everything()).toEqual(before);
    });

    test('is refused a rotation, a plan for one, and the keys for it', async () => {
      for (const at of [0, RIPE]) {
        passed = at;
        const before = await everything();
        await expect(wrong.rotate('iris')).rejects.toMatchObject(refused(skew));
        expect(await everything()).toEqual(before);
      }
      await loseNextKeys();
      const before = await everything();
      await expect(wrong.rotate('iris')).rejects.toMatchObject(refused(skew));
      expect(await everything()).toEqual(before);
    });

    test('goes on looking, and takes over what others change', async () => {
      const changes: (readonly JWK[])[] = [];
      const faults: unknown[] = [];
      const watch = createKeyWatch({
        keys: wrong,
        inUse: await wrong.privateJwks(),
        every: 3600,
        onChange: (jwks) => void changes.push(jwks),
        onError: (error) => void faults.push(error),
      });
      await watch.poll();
      passed = RIPE;
      const { keys } = await right.rotate('iris');
      await watch.poll();
      await watch.poll();
      await watch.close();
      expect(faults).toEqual([]);
      expect(changes.map(([signs]) => signs?.kid)).toEqual([kidOf(keys, 'active')]);
    });
  },
);

describe.for([0, 59, -59])('F-08 a node whose clock is %i s ahead of the database’s', (skew) => {
  test('makes what is missing, rotates, carries out what is due, and forgets', async () => {
    const node = await nodeAhead(skew);
    await loseNextKeys();
    await node.keep();
    const { keys: made } = await node.rotate('iris');
    expect(inUse(made)).toEqual(complete);
    passed = RIPE;
    await node.keep();
    const second = await node.list();
    expect(kidOf(second, 'active')).toBe(kidOf(made, 'next'));
    passed = 2 * RIPE;
    expect((await node.rotate('iris')).outcome).toBe('done');
    expect(await rotations(world)).toHaveLength(4);
    passed = 2 * RIPE + RETIRING_LIFE + 1;
    await node.keep();
    expect(await stored()).toHaveLength(4);
  });
});

test('F-08 a key that a node made 59 s behind signs, by a node 59 s ahead, when no cached key set is without it', async () => {
  const behind = await nodeAhead(-59);
  const ahead = await nodeAhead(59);
  await loseNextKeys();
  await behind.keep();
  const { keys, outcome } = await ahead.rotate('iris');
  expect(outcome).toBe('planned');
  let [signs] = await ahead.keep();
  for (; signs !== kidOf(keys, 'next') && passed < RIPE; passed += POLL) [signs] = await ahead.keep();
  expect(signs).toBe(kidOf(keys, 'next'));
  expect(passed).toBeGreaterThan(JWKS_MAX_AGE + POLL);
});

describe('F-08 a clock that goes wrong after the keys were read', () => {
  /** A node that finds its clock right at first, and a day wrong at whatever comes next. */
  function nodeThatGoesWrong(): Promise<SigningKeys> {
    let reads = 0;
    return world.openApart(clockAt(0), () => time(reads++ === 0 ? 0 : 24 * 3600));
  }

  const cases: Readonly<Record<string, () => Promise<unknown>>> = {
    'a rotation that is due': async () => {
      await right.rotate('iris');
      passed = RIPE;
    },
    'a key that is missing': loseNextKeys,
    'a key that has expired': async () => {
      passed = RIPE;
      await right.rotate('iris');
      passed = RIPE + RETIRING_LIFE + 1;
    },
  };

  test.for(Object.entries(cases))('leaves %s to the next look', async ([, prepare]) => {
    await prepare();
    const before = await everything();
    await expect((await nodeThatGoesWrong()).keep()).rejects.toMatchObject(refused(24 * 3600));
    expect(await everything()).toEqual(before);
    await right.keep();
    expect(await everything()).not.toEqual(before);
  });
});
