import { type Api, scopeFamily } from '../catalogue/index.ts';
import { isIdentityScope } from '../clients/index.ts';
import { scopeWords, typesWithin } from '../scopes/index.ts';
import type { Renderers } from './renderers.ts';

/** The words that tell a person what a scope of an API allows, in a language; else the scope itself. */
export type Words = (language: string, api: Api | undefined, scope: string) => string;

/** Finds words for scopes; how they come here is said at `scopeWords`. */
export function createWords(renderers: Pick<Renderers, 'in'>): Words {
  return (language, api, scope) => {
    // Who it is, and for how long, is asked in the same words at every API.
    const family = api === undefined || isIdentityScope(scope) ? 'smart' : scopeFamily(api);
    const found = scopeWords(family, scope);
    return found === undefined ? scope : renderers.in(language).words(found);
  };
}

/** The kinds of information that a scope about everything reaches at an API, in a language; none for one that names its kind. */
export type Kinds = (language: string, api: Api | undefined, scope: string) => readonly string[];

/** Finds words for what wide scopes mean. */
export function createKinds(renderers: Pick<Renderers, 'in'>): Kinds {
  return (language, api, scope) => {
    if (api === undefined) return [];
    const { words } = renderers.in(language);
    return typesWithin(scopeFamily(api), scope, api.scopes).map((resource) =>
      words({ key: 'consent.kind', values: { resource, resourceKey: `resource.${resource}` } }),
    );
  };
}
