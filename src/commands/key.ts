import { POLL, type Rotation, type SigningKey } from '../keys/index.ts';
import { print, table, withSchema } from './run.ts';

function show(keys: readonly SigningKey[]): void {
  const rows = keys.map(({ kid, alg, state, createdAt, signsFrom, expiresAt }) => [
    kid,
    alg,
    state,
    createdAt.toISOString(),
    signsFrom?.toISOString() ?? '-',
    expiresAt?.toISOString() ?? '-',
  ]);
  print(...table(['kid', 'alg', 'state', 'created', 'signs from', 'published until'], rows));
}

/** The time of day of the youngest of some moments, such as 09:30:00Z. */
function latest(times: readonly (Date | undefined)[]): string {
  const last = new Date(Math.max(...times.map((time) => time?.getTime() ?? 0)));
  return `${last.toISOString().slice(11, 19)}Z`;
}

/** What an operator is told about a rotation. */
function sentences({ outcome, keys }: Rotation): string[] {
  if (outcome === 'done')
    return [`The key that was next signs from now on; running servers change over within ${POLL} seconds.`];
  const next = keys.filter(({ state }) => state === 'next');
  const since = latest(next.map(({ createdAt }) => createdAt));
  const from = latest(next.map(({ signsFrom }) => signsFrom));
  const plan = [
    `The next key is published since ${since}; it signs from ${from}, when no cached key set is without it.`,
    'Running servers change over by themselves.',
  ];
  return outcome === 'planned' ? plan : ['This was asked for before; nothing was changed.', ...plan];
}

/** `assent key list`: the signing keys and their states. */
export function listKeys(): Promise<void> {
  return withSchema(async ({ keys }) => show(await keys.list()));
}

/** `assent key rotate`: next becomes active, active becomes retiring, a new next is made; now, or when it may. */
export function rotateKeys(): Promise<void> {
  return withSchema(async ({ keys }) => {
    const rotation = await keys.rotate('key rotate');
    show(rotation.keys);
    print('', ...sentences(rotation));
  });
}
