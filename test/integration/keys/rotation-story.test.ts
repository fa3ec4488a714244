import type { JWK } from 'jose';
import { expect, test } from 'vitest';
import {
  createKeyWatch,
  JWKS_MAX_AGE,
  POLL,
  PUBLISHED_BEFORE,
  RETIRING_LIFE,
  type SigningKey,
  type SigningKeys,
} from '../../../src/keys/index.ts';
import { complete, openKeyWorld, inUse as statesInUse } from './fixture.ts';

/** How long a token may be shown, in seconds: also one that was dated almost a minute ahead. */
const TOKEN_LIFE = 360;

/** How far the clocks of nodes that are ready may be from the database's, in seconds, either way. */
const MOST = 59;

/** How far the clocks of nodes that issue tokens are from the database's, in seconds. */
const SKEWS = [-MOST, 0, MOST];

/** And those of nodes that are not ready: they publish keys, and must not change them. */
const WRONG = [-61, 61];

/** Looks that a node may miss in a row before it is taken out of service. */
const MISSED = 5;

const STEPS = 500;

/** Numbers between 0 and 1 that are the same for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Node {
  readonly keys: SigningKeys;
  jwks: readonly JWK[];
  watch: ReturnType<typeof createKeyWatch>;
  missed: number;
}

/** Begins to serve with the keys that are live, as a server does at its start. */
async function begin(keys: SigningKeys): Promise<Node> {
  const inUse: readonly JWK[] = await keys.privateJwks();
  const node = { keys, jwks: inUse, missed: 0 };
  const watch = createKeyWatch({
    keys,
    inUse,
    every: 3600,
    onChange(jwks) {
      node.jwks = jwks;
    },
    onError(error) {
      throw error;
    },
  });
  return Object.assign(node, { watch });
}

/** A copy of the key set that a resource server took from some node. */
interface Copy {
  readonly kids: ReadonlySet<string | undefined>;
  readonly at: number;
}

/** What a node signs with: the first key of each algorithm. */
const signersOf = ({ jwks }: Node) =>
  ['ES256', 'RS256'].map((algorithm) => jwks.find(({ alg }) => alg === algorithm)?.kid);

/** Leaves out what is older than so many seconds. */
function forgetBefore<K, V>(all: Map<K, V>, since: number, at: (value: V) => number): void {
  for (const [key, value] of all) if (at(value) < since) all.delete(key);
}

/** Watches the keys as they are at each moment of a story. */
function createObserver() {
  const signedUntil = new Map<string, number>();
  let first: ReadonlySet<string> | undefined;

  return (keys: readonly SigningKey[], now: number) => {
    expect(statesInUse(keys), 'one active and one next key of each algorithm').toEqual(complete);
    const active = keys.filter(({ state }) => state === 'active');
    first ??= new Set(active.map(({ kid }) => kid));
    for (const { kid, createdAt, signsFrom } of active) {
      signedUntil.set(kid, now);
      if (first.has(kid)) continue;
      const waited = (Number(signsFrom) - Number(createdAt)) / 1000;
      expect(waited, 'published before it signs').toBeGreaterThanOrEqual(PUBLISHED_BEFORE);
    }
    for (const [kid, until] of signedUntil) {
      if (keys.some((key) => key.kid === kid)) continue;
      // Which node decides is chance, so the clocks' difference counts.
      expect(now - until, 'published after it signed').toBeGreaterThanOrEqual(RETIRING_LIFE - 2 * MOST);
      signedUntil.delete(kid);
    }
    return active.length;
  };
}

test.each([1, 2, 3])(
  'F-08 F-09 whatever happens in which order, every key set that may be cached has the key of every token that may be shown (%i)',
  async (seed) => {
    const random = createRandom(seed);
    const oneOf = <T>(these: readonly T[]) => these[Math.floor(random() * these.length)] as T;
    const world = await openKeyWorld();
    // Later than the keys of the template, whatever the clocks' difference.
    let now = Math.ceil(Date.now() / 1000) + 60;
    const open = (skew: number) =>
      world.openApart(
        { now: () => new Date((now + skew) * 1000), seconds: () => now + skew },
        () => new Date(now * 1000),
      );
    const rooms = await Promise.all(SKEWS.map(open));
    const others = await Promise.all(WRONG.map(open));
    const beginAll = () => Promise.all([...rooms, ...others].map(begin));
    let nodes = await beginAll();
    /** When each key last signed something, by kid. */
    const signed = new Map<string | undefined, number>();
    /** By their kids: of copies that are alike the last one. */
    const copies = new Map<string, Copy>();
    let rotations = 0;
    const observe = createObserver();

    for (let step = 0; step < STEPS; step += 1) {
      if (random() < 0.004) {
        // All nodes are stopped, and started up to thirty hours later.
        now += Math.floor(random() * 30 * 3600);
        await Promise.all(nodes.map(({ watch }) => watch.close()));
        nodes = await beginAll();
      }
      now += POLL;
      const looking = nodes.filter((node) => {
        node.missed = random() < 0.1 && node.missed < MISSED ? node.missed + 1 : 0;
        return node.missed === 0;
      });
      const asking = random() < 0.02 ? nodes.filter(() => random() < 0.5) : [];
      const done = await Promise.all([
        ...looking.map(({ watch }) => watch.poll().then(() => 'looked')),
        ...asking.map(({ keys }) =>
          keys.rotate('iris').then(
            ({ outcome }) => outcome,
            (error: Error) => error.message,
          ),
        ),
      ]);
      const isWrong = asking.map(({ keys }) => others.includes(keys));
      const isRefused = done.slice(looking.length).map((said) => said.includes('differs from the database'));
      expect(isRefused, 'refused where the clock is wrong, and only there').toEqual(isWrong);
      rotations += done.filter((outcome) => outcome === 'done' || outcome === 'planned').length;

      observe(await oneOf(rooms).list(), now);
      for (const kid of nodes.slice(0, rooms.length).flatMap(signersOf)) signed.set(kid, now);
      for (const { jwks } of nodes) {
        const kids = jwks.map(({ kid }) => kid);
        copies.set(kids.join(' '), { kids: new Set(kids), at: now });
      }
      forgetBefore(signed, now - TOKEN_LIFE, (at) => at);
      forgetBefore(copies, now - JWKS_MAX_AGE, ({ at }) => at);
      for (const { kids } of copies.values())
        expect(
          [...signed.keys()].filter((kid) => !kids.has(kid)),
          'keys of tokens that are not in a copy',
        ).toEqual([]);
    }
    expect(rotations, 'the story had something to tell').toBeGreaterThan(2);
    await Promise.all(nodes.map(({ watch }) => watch.close()));
    await world.close();
  },
  120_000,
);
