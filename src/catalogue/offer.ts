import { parseScope, type SmartResourceScope, uncovered } from '../scopes/index.ts';
import type { Api } from './api.ts';
import { scopeFamily } from './profiles.ts';

function smartResource(text: string): SmartResourceScope | undefined {
  const scope = parseScope('smart', text);
  return scope?.kind === 'smart-resource' ? scope : undefined;
}

/** Tells of a SMART scope whether its API lists single types for the scope's context, but not the scope's type. */
function unlistedType(listed: readonly string[]): (text: string) => boolean {
  const single = listed
    .map(smartResource)
    .filter((scope) => scope !== undefined)
    .filter(({ resource }) => resource !== '*');
  return (text) => {
    const scope = smartResource(text);
    if (scope === undefined || scope.resource === '*') return false;
    const types = single.filter(({ context }) => context === scope.context);
    return types.length > 0 && !types.some(({ resource }) => resource === scope.resource);
  };
}

/**
 * The scopes that an API does not offer, in the order given; the first is the one to name in an `invalid_scope`
 * error. These are the scopes which the API's own do not cover, and in the SMART family one sort more: where an API
 * lists single types for a context, it has only those, and `*` beside them means all of them. So `*` may be asked
 * for, but a type that the API does not have is refused rather than granted with nothing behind it.
 *
 * @param api its profile and the scopes it lists
 * @param scopes single scopes, as `splitScope` gives them; those outside the grammar are not offered
 */
export function notOffered(api: Pick<Api, 'profile' | 'scopes'>, scopes: readonly string[]): string[] {
  const family = scopeFamily(api);
  const beyond = uncovered(family, api.scopes, scopes);
  if (family !== 'smart') return beyond;
  const unlisted = unlistedType(api.scopes);
  return scopes.filter((text) => beyond.includes(text) || unlisted(text));
}
