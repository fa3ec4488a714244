import { JWKS_MAX_AGE, type Rotation, type SigningKey } from '../../../src/keys/index.ts';
import { eventually } from '../../support/fixtures.ts';
import { type Checks, createChecks } from './checks.ts';
import { keyIn } from './fixture.ts';
import { createLoad, type Obtained } from './load.ts';
import { type Nodes, RIPE } from './nodes.ts';
import { createCachingVerifier, createLibraryVerifier, publishedBy } from './verifiers.ts';

/** How long an access token may be shown, in seconds. */
const TOKEN_LIFE = 300;

/** Every client has a token of every node within seconds; this only keeps a fault from hanging the test. */
const ANSWERED_WITHIN = 60;

/** What was seen in the story. */
export interface Told {
  readonly checks: Pick<Checks, 'count' | 'failures' | 'keys'>;
  readonly obtained: readonly Obtained[];
  /** Token requests that failed. */
  readonly faults: readonly string[];
  /** What became of the two wishes for a rotation. */
  readonly outcomes: readonly Rotation['outcome'][];
  /** The ES256 keys that signed, in their order: their kids as the database had them. */
  readonly signers: readonly (string | undefined)[];
  /** When the second planned key was due, in seconds since 1970. */
  readonly due: number;
  /** What each node published a minute before the first key was to leave, and when it had left. */
  readonly published: Readonly<Record<'before' | 'after', readonly (readonly (string | undefined)[])[]>>;
  /** The keys at the end. */
  readonly keys: readonly SigningKey[];
}

const seconds = (date: Date | undefined) => (date?.getTime() ?? Number.NaN) / 1000;

/** Whole seconds from now. */
const left = (until: number) => Math.ceil(until - Date.now() / 1000);

/**
 * Two rotations while clients obtain tokens all the time: the first when the next keys may sign, the second asked for
 * straight afterwards, so that it has to wait. Tokens of every client and node are verified again and again as long as they
 * live, by verifiers whose copies of the key set were taken at all moments of the story. At last the first key leaves.
 *
 * @param step seconds that pass at once; meanwhile no request is under way, so that one time holds for everybody
 * @param verifications how many there have to be in the whole
 */
export async function rotateTwice(
  nodes: Nodes,
  { step, verifications }: { step: number; verifications: number },
): Promise<Told> {
  const { server, ports } = nodes;
  const { issuer } = server;
  const checks = createChecks();
  const load = createLoad(nodes, checks.byOne);
  const list = () => server.services.keys.list();
  const published = () => Promise.all(ports.map((port) => publishedBy({ issuer, port })));
  let followed: readonly Obtained[] = [];

  async function pass(time: number): Promise<void> {
    await load.hold();
    await nodes.pass(time);
    load.release();
  }

  /** Waits for a token of each source that was asked for just now. */
  async function fresh(): Promise<readonly Obtained[]> {
    // What is under way now may have begun before what the caller waits for.
    const [from, since] = [load.obtained.length, performance.now()];
    return eventually(async () => {
      if (load.faults.length > 0) throw new Error(load.faults.join('\n'));
      const these = load.obtained.slice(from).filter(({ asked }) => asked > since);
      const latest = new Map(these.map((one) => [one.source, one]));
      return latest.size === load.sources ? [...latest.values()] : undefined;
    }, ANSWERED_WITHIN);
  }

  /** Everybody verifies every token that is followed, and those that are new. */
  async function verify(): Promise<readonly Obtained[]> {
    const latest = await fresh();
    followed = followed.filter(({ exp }) => left(exp) > 0);
    await checks.byAll([...followed, ...latest]);
    return latest;
  }

  async function go(time: number): Promise<void> {
    for (let passed = 0; passed < time; passed += step) {
      await pass(step);
      followed = [...followed, ...(await verify())];
    }
  }

  /** Waits until all nodes sign with one key and publish another. */
  const changeOver = (signs: string | undefined, next: string | undefined) =>
    nodes.look(`all nodes sign with ${signs} and publish ${next}`, async () => {
      const latest = await verify();
      return (
        latest.every(({ kid }) => kid === signs) && (await published()).every((kids) => kids.includes(next))
      );
    });

  checks.join(...ports.map((port) => createLibraryVerifier(issuer, port)));
  for (let age = 0; age < JWKS_MAX_AGE; age += step) {
    const joining = Math.round(age / step);
    checks.join(
      ...ports.map((_, at) => createCachingVerifier(issuer, ports, joining * (ports.length + 1) + at)),
    );
    await go(step);
  }
  await go(RIPE - JWKS_MAX_AGE);

  const first = await list();
  const outcomes = [await nodes.rotate()];
  const second = await list();
  await changeOver(keyIn(first, 'next')?.kid, keyIn(second, 'next')?.kid);
  outcomes.push(await nodes.rotate());
  const due = seconds(keyIn(await list(), 'next')?.signsFrom);
  await go(left(due) - 2 * step);
  await pass(left(due) - 2);
  await verify();
  await pass(3);
  await nodes.look('the second rotation', async () => {
    await verify();
    return keyIn(await list(), 'active')?.kid === keyIn(second, 'next')?.kid;
  });
  const third = await list();
  await changeOver(keyIn(second, 'next')?.kid, keyIn(third, 'next')?.kid);
  await go(TOKEN_LIFE + step);
  while (checks.count() < verifications && checks.failures.length === 0) await verify();

  const goes = second.find(({ kid }) => kid === keyIn(first, 'active')?.kid);
  await pass(left(seconds(goes?.expiresAt)) - 60);
  await verify();
  const before = await published();
  await pass(61);
  await nodes.look('the first key has left', async () => {
    await verify();
    return (await published()).every((kids) => !kids.includes(goes?.kid));
  });
  await load.hold();
  return {
    checks,
    obtained: load.obtained,
    faults: load.faults,
    outcomes,
    signers: [keyIn(first, 'active')?.kid, keyIn(second, 'active')?.kid, keyIn(third, 'active')?.kid],
    due,
    published: { before, after: await published() },
    keys: await list(),
  };
}
