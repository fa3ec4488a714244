import { setImmediate, setTimeout } from 'node:timers/promises';
import type { JWK } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createKeyWatch,
  type KeyWatch,
  PUBLISHED_BEFORE,
  type SigningKeys,
} from '../../../src/keys/index.ts';
import { shiftTime } from '../../support/time.ts';
import { type KeyWorld, openKeyWorld } from './fixture.ts';

const RIPE = PUBLISHED_BEFORE + 60;

/** An hour: no look of these stories comes from the timer, unless it says otherwise. */
const NEVER = 3600;

let world: KeyWorld;
let keys: SigningKeys;
let changes: (readonly JWK[])[];
let faults: string[];

beforeEach(async () => {
  world = await openKeyWorld();
  keys = world.open();
  changes = [];
  faults = [];
});
afterEach(async () => {
  shiftTime(0);
  await world.close();
});

const kidsOf = (jwks: readonly JWK[] | undefined) => jwks?.map(({ kid }) => kid);

/** A watch of a server that has just begun with the live keys. */
async function start(other: Partial<Parameters<typeof createKeyWatch>[0]> = {}): Promise<KeyWatch> {
  return createKeyWatch({
    keys,
    inUse: await keys.privateJwks(),
    every: NEVER,
    onChange: (jwks) => void changes.push(jwks),
    onError: (error) => void faults.push((error as Error).message),
    ...other,
  });
}

describe('a watch over the keys', () => {
  test('says nothing while they are those that the server began with', async () => {
    const watch = await start();
    await watch.poll();
    await watch.poll();
    await watch.close();
    expect([changes, faults]).toEqual([[], []]);
  });

  test('hands over the live keys once when they were rotated elsewhere, the signing ones first', async () => {
    const watch = await start();
    shiftTime(RIPE);
    const rotation = await world.open().rotate('iris');
    await watch.poll();
    await watch.poll();
    await watch.close();
    expect(changes.map(kidsOf)).toEqual([kidsOf(await keys.privateJwks())]);
    const [signs] = changes[0] ?? [];
    expect(rotation.keys.find(({ kid }) => kid === signs?.kid)?.state).toBe('active');
    expect(signs, 'with what it needs to sign').toHaveProperty('d');
  });

  test('carries out what is planned, and says so in the same look', async () => {
    const watch = await start();
    const before = kidsOf(await keys.privateJwks());
    await keys.rotate('iris');
    await watch.poll();
    expect(changes, 'a plan alone changes no key').toEqual([]);
    shiftTime(RIPE);
    await watch.poll();
    await watch.close();
    expect(kidsOf(changes[0])?.[0]).toBe(before?.[2]);
  });

  test('says when a retired key has left', async () => {
    shiftTime(RIPE);
    await keys.rotate('iris');
    const watch = await start();
    shiftTime(RIPE + 25 * 3600);
    await watch.poll();
    await watch.close();
    expect(changes.map((jwks) => jwks.length)).toEqual([4]);
  });
});

describe('through an outage of the database', () => {
  test('one fault is told, the keys stay in use, and what changed meanwhile is seen afterwards', async () => {
    let down = true;
    const keep = () => (down ? Promise.reject(new Error('the database is away')) : keys.keep());
    const watch = await start({ keys: { ...keys, keep } });
    await watch.poll();
    await watch.poll();
    expect([changes, faults]).toEqual([[], ['the database is away']]);

    shiftTime(RIPE);
    await keys.rotate('iris');
    down = false;
    await watch.poll();
    expect(changes).toHaveLength(1);

    down = true;
    await watch.poll();
    await watch.close();
    expect(faults, 'the next outage is told again').toHaveLength(2);
  });

  test('that comes between seeing a change and reading it, the change is not forgotten', async () => {
    let down = true;
    const privateJwks = () => (down ? Promise.reject(new Error('away')) : keys.privateJwks());
    const watch = await start({ keys: { ...keys, privateJwks } });
    shiftTime(RIPE);
    await keys.rotate('iris');
    await watch.poll();
    expect(changes).toEqual([]);
    down = false;
    await watch.poll();
    await watch.close();
    expect(changes).toHaveLength(1);
  });

  test('a caller that could not take the keys over is handed them again', async () => {
    let ready = false;
    const watch = await start({
      async onChange(jwks) {
        if (!ready) throw new Error('not yet');
        changes.push(jwks);
      },
    });
    shiftTime(RIPE);
    await keys.rotate('iris');
    await watch.poll();
    await watch.poll();
    expect([changes, faults]).toEqual([[], ['not yet']]);
    ready = true;
    await watch.poll();
    await watch.close();
    expect(changes).toHaveLength(1);
  });
});

describe('the looks of a watch', () => {
  /** Keys of which a look ends only when it is let go; counts the looks. */
  function slowKeys() {
    const gates: (() => void)[] = [];
    const first = Promise.withResolvers<void>();
    const keep = () =>
      new Promise<string[]>((resolve) => {
        gates.push(() => resolve([]));
        first.resolve();
      });
    return { gates, first: first.promise, keys: { keep, privateJwks: async () => [] } };
  }

  test('come by themselves, one after the other', async () => {
    const seen = Promise.withResolvers<void>();
    let looks = 0;
    let underWay = 0;
    let most = 0;
    const keep = async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await keys.list();
      underWay -= 1;
      looks += 1;
      if (looks === 3) seen.resolve();
      return [];
    };
    const watch = await start({ keys: { ...keys, keep }, inUse: [], every: 0.001 });
    await seen.promise;
    await watch.close();
    expect(most).toBe(1);
  });

  test('are shared by all who ask while one is under way', async () => {
    const slow = slowKeys();
    const watch = await start({ keys: slow.keys, inUse: [] });
    const polls = [watch.poll(), watch.poll(), watch.poll()];
    expect(slow.gates).toHaveLength(1);
    slow.gates[0]?.();
    await Promise.all(polls);
    const next = watch.poll();
    expect(slow.gates).toHaveLength(2);
    slow.gates[1]?.();
    await next;
    await watch.close();
  });

  test('end with it: closing waits for the one under way, and none follows', async () => {
    const slow = slowKeys();
    const watch = await start({ keys: slow.keys, inUse: [], every: 0.001 });
    await slow.first;
    let closed = false;
    const closing = watch.close().then(() => {
      closed = true;
    });
    await setImmediate();
    expect(closed).toBe(false);
    slow.gates[0]?.();
    await closing;
    // Timers end in their order: one that the watch had set would have come before this one.
    await setImmediate();
    await setTimeout(2);
    expect(slow.gates).toHaveLength(1);
  });
});
