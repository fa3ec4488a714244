import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PUBLISHED_BEFORE, RETIRING_LIFE } from '../../../src/keys/index.ts';
import { shiftTime } from '../../support/time.ts';
import { complete, inUse, type KeyWorld, keyIn, kidOf, openKeyWorld, rotations } from './fixture.ts';

let world: KeyWorld;

/** Long enough for the keys of the template to be published everywhere; all shifts count from the beginning. */
const RIPE = PUBLISHED_BEFORE + 60;
const DAY = RETIRING_LIFE;

beforeEach(async () => {
  world = await openKeyWorld();
});
afterEach(async () => {
  shiftTime(0);
  await world.close();
});

const keys = () => world.open();
const publishedKids = async () => (await keys().privateJwks()).map(({ kid }) => kid);

describe('rotating when the next keys have been published for long enough', () => {
  beforeEach(() => shiftTime(RIPE));

  test('moves every key on by one state at once, and records it with who did it', async () => {
    const before = await keys().list();
    const { outcome, keys: after } = await keys().rotate('iris');
    expect(outcome).toBe('done');
    expect(inUse(after)).toEqual(complete);
    expect(kidOf(after, 'active')).toBe(kidOf(before, 'next'));
    expect(kidOf(after, 'retiring')).toBe(kidOf(before, 'active'));
    const said = (alg: string) => ({
      alg,
      actor: 'iris',
      retiring: kidOf(before, 'active', alg),
      active: kidOf(before, 'next', alg),
      next: kidOf(after, 'next', alg),
    });
    expect(await rotations(world)).toEqual([said('ES256'), said('RS256')]);
  });

  test('keeps the retiring key published for a day, and then forgets it', async () => {
    const before = await keys().list();
    await keys().rotate('iris');
    const old = kidOf(before, 'active');
    shiftTime(RIPE + DAY - 60);
    await keys().keep();
    expect(await publishedKids()).toContain(old);
    shiftTime(RIPE + DAY + 60);
    expect(await publishedKids()).not.toContain(old);
    expect(await keys().keep()).not.toContain(old);
    expect(await world.sql('SELECT FROM signing_keys WHERE kid = $1', [old])).toEqual([]);
  });

  test('gives the keys that sign first, then the next ones, then the retiring ones', async () => {
    await keys().rotate('iris');
    const listed = await keys().list();
    const order = (await keys().privateJwks()).map(({ kid }) => {
      const key = listed.find((one) => one.kid === kid);
      return `${key?.alg} ${key?.state}`;
    });
    expect(order).toEqual([
      'ES256 active',
      'RS256 active',
      'ES256 next',
      'RS256 next',
      'ES256 retiring',
      'RS256 retiring',
    ]);
    expect(await keys().keep()).toEqual(await publishedKids());
  });

  test('changes nothing when it fails in its middle', async () => {
    const before = await keys().list();
    const noRoom = () => Promise.reject(new Error('no room for the record'));
    const failing = world.open({ audit: { ...world.audit, record: noRoom } });
    await expect(failing.rotate('iris')).rejects.toThrow('no room for the record');
    expect(await keys().list()).toEqual(before);
  });

  test('happens once when five operators ask at once, and each is told that it is done', async () => {
    const before = await keys().list();
    const nodes = await Promise.all(Array.from({ length: 5 }, () => world.openApart()));
    const outcomes = await Promise.all(nodes.map((node) => node.rotate('iris')));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(Array(5).fill('done'));
    const after = await keys().list();
    expect(inUse(after)).toEqual(complete);
    expect(kidOf(after, 'active')).toBe(kidOf(before, 'next'));
    expect(keyIn(after, 'next')?.signsFrom).toBeUndefined();
    expect((await rotations(world)).map(({ alg }) => alg)).toEqual(['ES256', 'RS256']);
  });
});

describe('F-09 rotating when a next key has not been published for long enough', () => {
  test('is noted, for both algorithms alike, and changes no state', async () => {
    const before = await keys().list();
    const { outcome, keys: after } = await keys().rotate('iris');
    expect(outcome).toBe('planned');
    const states = (some: typeof after) => some.map(({ kid, state }) => `${kid} ${state}`);
    expect(states(after)).toEqual(states(before));
    const youngest = Math.max(
      ...['ES256', 'RS256'].map((alg) => Number(keyIn(before, 'next', alg)?.createdAt)),
    );
    for (const alg of ['ES256', 'RS256'])
      expect(Number(keyIn(after, 'next', alg)?.signsFrom)).toBe(youngest + PUBLISHED_BEFORE * 1000);
    expect(await rotations(world)).toEqual([]);
  });

  test('is noted even when only one algorithm has to wait: both change together', async () => {
    shiftTime(RIPE);
    await world.sql(`DELETE FROM signing_keys WHERE alg = 'RS256' AND state = 'next'`);
    const { outcome, keys: after } = await keys().rotate('iris');
    expect(outcome).toBe('planned');
    expect(keyIn(after, 'next', 'ES256')?.signsFrom).toEqual(keyIn(after, 'next', 'RS256')?.signsFrom);
    expect(await rotations(world)).toEqual([]);
  });

  test('and asking again says so and changes nothing, neither when nor who', async () => {
    const first = await keys().rotate('iris');
    shiftTime(PUBLISHED_BEFORE - 60);
    const second = await keys().rotate('somebody else');
    expect(second.outcome).toBe('planned-before');
    expect(second.keys).toEqual(first.keys);
    shiftTime(RIPE);
    await keys().keep();
    expect((await rotations(world)).map(({ actor }) => actor)).toEqual(['iris', 'iris']);
  });

  test('never puts off an earlier plan', async () => {
    const { keys: planned } = await keys().rotate('iris');
    // A key that was lost is made anew, and is younger.
    shiftTime(60);
    await world.sql(`DELETE FROM signing_keys WHERE alg = 'RS256' AND state = 'next'`);
    const { outcome, keys: after } = await keys().rotate('iris');
    expect(outcome).toBe('planned');
    expect(keyIn(after, 'next')?.signsFrom).toEqual(keyIn(planned, 'next')?.signsFrom);
    expect(Number(keyIn(after, 'next', 'RS256')?.signsFrom)).toBeGreaterThan(
      Number(keyIn(planned, 'next')?.signsFrom),
    );
  });

  test('is noted once when five ask at once, and one of them is told that it was she', async () => {
    const nodes = await Promise.all(Array.from({ length: 5 }, () => world.openApart()));
    const outcomes = await Promise.all(nodes.map((node) => node.rotate('iris')));
    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual([
      'planned',
      ...Array(4).fill('planned-before'),
    ]);
  });

  test('is done by asking again when it is due and no server runs', async () => {
    const { keys: planned } = await keys().rotate('iris');
    shiftTime(RIPE);
    const { outcome, keys: after } = await keys().rotate('iris');
    expect(outcome).toBe('done');
    expect(kidOf(after, 'active')).toBe(kidOf(planned, 'next'));
    expect(await rotations(world)).toHaveLength(2);
  });

  test('straight after a rotation is a wish for the next one', async () => {
    shiftTime(RIPE);
    const { keys: first } = await keys().rotate('iris');
    const { outcome, keys: second } = await keys().rotate('iris');
    expect([outcome, kidOf(second, 'active')]).toEqual(['planned', kidOf(first, 'active')]);
    shiftTime(2 * RIPE);
    await keys().keep();
    expect(kidOf(await keys().list(), 'active')).toBe(kidOf(first, 'next'));
  });
});

describe('a look of a running server', () => {
  test('changes nothing where nothing is missing, due or expired', async () => {
    const before = await world.sql('SELECT * FROM signing_keys ORDER BY kid');
    const kids = await keys().keep();
    shiftTime(30 * DAY);
    expect(await keys().keep()).toEqual(kids);
    expect(await world.sql('SELECT * FROM signing_keys ORDER BY kid')).toEqual(before);
    expect(await rotations(world)).toEqual([]);
  });

  test('makes a next key that is missing', async () => {
    await world.sql(`DELETE FROM signing_keys WHERE state = 'next'`);
    const kids = await keys().keep();
    const after = await keys().list();
    expect(inUse(after)).toEqual(complete);
    expect(kids).toEqual(expect.arrayContaining(after.map(({ kid }) => kid)));
  });

  test('leaves a planned rotation alone until it is due, then carries it out and says so by other kids', async () => {
    const { keys: planned } = await keys().rotate('iris');
    const due = (Number(keyIn(planned, 'next')?.signsFrom) - Date.now()) / 1000;
    shiftTime(due - 5);
    const before = await keys().keep();
    expect(before[0]).toBe(kidOf(planned, 'active'));
    shiftTime(due + 1);
    const after = await keys().keep();
    expect(after[0]).toBe(kidOf(planned, 'next'));
    expect(after).toHaveLength(6);
    expect(await rotations(world)).toMatchObject([
      { alg: 'ES256', actor: 'iris', active: kidOf(planned, 'next') },
      { alg: 'RS256', actor: 'iris', active: kidOf(planned, 'next', 'RS256') },
    ]);
  });

  test('on five nodes at once, some of them asked to rotate as well, makes one rotation', async () => {
    const { keys: planned } = await keys().rotate('iris');
    shiftTime(RIPE);
    const nodes = await Promise.all(Array.from({ length: 5 }, () => world.openApart()));
    const seen = await Promise.all([
      ...nodes.map((node) => node.keep()),
      ...nodes.slice(0, 2).map((node) => node.rotate('iris').then(({ keys: [first] }) => [first?.kid])),
    ]);
    const after = await keys().list();
    expect(inUse(after)).toEqual(complete);
    expect(kidOf(after, 'active')).toBe(kidOf(planned, 'next'));
    expect(after.filter(({ state }) => state === 'retiring')).toHaveLength(2);
    expect((await rotations(world)).map(({ alg }) => alg)).toEqual(['ES256', 'RS256']);
    for (const kids of seen) expect(kids[0]).toBe(kidOf(planned, 'next'));
  });

  test('that fails in the middle of a rotation changes nothing, and the next one does it', async () => {
    await keys().rotate('iris');
    shiftTime(RIPE);
    const before = await keys().list();
    const noRoom = () => Promise.reject(new Error('no room for the record'));
    const failing = world.open({ audit: { ...world.audit, record: noRoom } });
    await expect(failing.keep()).rejects.toThrow('no room for the record');
    expect(await keys().list()).toEqual(before);
    await keys().keep();
    expect(kidOf(await keys().list(), 'active')).toBe(kidOf(before, 'next'));
  });
});
