import type Provider from 'oidc-provider';
import { lastingScopes } from '../../authorisation/index.ts';
import { isIdentityScope } from '../../clients/index.ts';
import type { Clock } from '../../clock.ts';
import type { Narrowed } from '../../consents/index.ts';
import type { Revocations } from '../../revocations/index.ts';
import { lifetimes } from '../lifetimes.ts';
import type { SqlStore } from '../storage/index.ts';

/**
 * Lets grants go on with less than before: no living token has what was taken back, and the next refresh brings one without
 * it. Part of the caller's transaction.
 *
 * @returns those that are there still
 */
export type NarrowGrants = (narrowed: Narrowed) => Promise<string[]>;

/** Narrows the library's grants, and ends what was made from them before. */
export function createNarrowGrants(options: {
  provider: () => Provider;
  clock: Clock;
  store: SqlStore;
  revocations: Revocations;
}): NarrowGrants {
  const { provider, clock, store, revocations } = options;

  async function narrow(grantId: string, { before, scopes }: Narrowed) {
    // The grant first: whoever is making tokens from it holds a share of its row, so this waits for them, and the statements
    // after it see what they made. Whoever comes later waits for this, and finds the narrower one.
    if (!(await store.lock('Grant', grantId))) return false;
    const grant = await provider().Grant.find(grantId);
    if (grant === undefined) return false;
    const identity = scopes.filter(isIdentityScope).join(' ');
    if (identity !== '') grant.rejectOIDCScope(identity);
    // What the grant itself names: its API may have left the catalogue, or go by another address now.
    for (const audience of Object.keys(grant.resources ?? {}))
      grant.rejectResourceScope(audience, scopes.join(' '));
    await grant.save();
    // Access that lasts was taken back: then nothing is left that could be refreshed.
    const lasting = scopes.some((scope) => lastingScopes.some((one) => one === scope));
    const models = ['AccessToken', ...(lasting ? ['RefreshToken', 'AuthorizationCode'] : [])];
    await store.revokeSome(grantId, models);
    const expiresAt = new Date(clock.now().getTime() + lifetimes.longestJwt * 1000);
    await revocations.narrow({ grant: grantId, toVersion: before.version, expiresAt });
    return true;
  }

  return async (narrowed) => {
    const there: string[] = [];
    for (const grantId of narrowed.grants) if (await narrow(grantId, narrowed)) there.push(grantId);
    return there;
  };
}
