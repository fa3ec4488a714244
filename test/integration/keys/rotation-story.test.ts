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

/** How long a token may be shown, in seconds. */
const TOKEN_LIFE = 300;

/** How far the clocks of two nodes are from true time, in seconds. */
const SKEWS = [-4, 0, 4];

/** Polling that a node may miss in a row before it is taken out of service. */
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

/** A token that some node signed, and a copy of the key set that a resource server took from some node. */
interface Token {
  readonly kid: string | undefined;
  readonly at: number;
}
interface Copy {
  readonly kids: ReadonlySet<string | undefined>;
  readonly at: number;
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
      expect(now - until, 'published after it signed').toBeGreaterThanOrEqual(RETIRING_LIFE - 8);
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
    const rooms = await Promise.all(
      SKEWS.map((skew) =>
        world.openApart({ now: () => new Date((now + skew) * 1000), seconds: () => now + skew }),
      ),
    );
    let nodes = await Promise.all(rooms.map(begin));
    let tokens: Token[] = [];
    let copies: Copy[] = [];
    let rotations = 0;
    const observe = createObserver();

    for (let step = 0; step < STEPS; step += 1) {
      if (random() < 0.004) {
        // All nodes are stopped, and started up to thirty hours later.
        now += Math.floor(random() * 30 * 3600);
        await Promise.all(nodes.map(({ watch }) => watch.close()));
        nodes = await Promise.all(rooms.map(begin));
      }
      now += POLL;
      const looking = nodes.filter((node) => {
        node.missed = random() < 0.1 && node.missed < MISSED ? node.missed + 1 : 0;
        return node.missed === 0;
      });
      const asking = random() < 0.02 ? nodes.filter(() => random() < 0.5) : [];
      const done = await Promise.all([
        ...looking.map(({ watch }) => watch.poll().then(() => 'looked')),
        ...asking.map(({ keys }) => keys.rotate('iris').then(({ outcome }) => outcome)),
      ]);
      rotations += done.filter((outcome) => outcome === 'done' || outcome === 'planned').length;

      observe(await oneOf(rooms).list(), now);
      const signs = oneOf(nodes).jwks.find(({ alg }) => alg === 'ES256');
      tokens = [...tokens.filter(({ at }) => now - at <= TOKEN_LIFE), { kid: signs?.kid, at: now }];
      const kids = new Set(oneOf(nodes).jwks.map(({ kid }) => kid));
      copies = [...copies.filter(({ at }) => now - at <= JWKS_MAX_AGE), { kids, at: now }];
      for (const copy of copies)
        expect(
          tokens.filter(({ kid }) => !copy.kids.has(kid)),
          'tokens of a key that is not in a copy',
        ).toEqual([]);
    }
    expect(rotations, 'the story had something to tell').toBeGreaterThan(2);
    await Promise.all(nodes.map(({ watch }) => watch.close()));
    await world.close();
  },
  120_000,
);
