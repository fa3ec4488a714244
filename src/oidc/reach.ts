import { type Api, scopeFamily } from '../catalogue/index.ts';
import type { Reach } from '../consents/index.ts';
import { covers, overlaps, writes } from '../scopes/index.ts';

/** How scopes of an API reach into one another; without an API there are only identity scopes, which do not. */
export function reachAt(api: Api | undefined): Reach {
  const family = api === undefined ? 'smart' : scopeFamily(api);
  return {
    covers: (allowed, requested) => covers(family, allowed, requested),
    overlaps: (one, other) => overlaps(family, one, other),
  };
}

/** Whether a scope of an API lets something be added, changed or removed; without an API there is nothing to write. */
export function writesAt(api: Api | undefined, scope: string): boolean {
  return api !== undefined && writes(scopeFamily(api), scope);
}
