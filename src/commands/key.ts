import type { SigningKey } from '../keys/index.ts';
import { print, table, withSchema } from './run.ts';

function show(keys: readonly SigningKey[]): void {
  const rows = keys.map(({ kid, alg, state, createdAt, expiresAt }) => [
    kid,
    alg,
    state,
    createdAt.toISOString(),
    expiresAt?.toISOString() ?? '-',
  ]);
  print(...table(['kid', 'alg', 'state', 'created', 'published until'], rows));
}

/** `assent key list`: the signing keys and their states. */
export function listKeys(): Promise<void> {
  return withSchema(async ({ keys }) => show(await keys.list()));
}

/** `assent key rotate`: next becomes active, active becomes retiring, a new next is made. */
export function rotateKeys(): Promise<void> {
  return withSchema(async ({ keys }) => {
    show(await keys.rotate('key rotate'));
    print('', 'A server that is running signs with the new key after its next start.');
  });
}
