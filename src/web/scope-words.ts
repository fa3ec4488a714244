import { type Api, scopeFamily } from '../catalogue/index.ts';
import { isIdentityScope } from '../clients/index.ts';
import { scopeWords } from '../scopes/index.ts';
import type { Renderer } from './render.ts';

/** The words that tell a person what a scope of an API allows, in the language of the page; else the scope itself. */
export type Words = (api: Api | undefined, scope: string) => string;

/** Finds words for scopes; how they come here is said at `scopeWords`. */
export function createWords(renderer: Pick<Renderer, 'words'>): Words {
  return (api, scope) => {
    // Who it is, and for how long, is asked in the same words at every API.
    const family = api === undefined || isIdentityScope(scope) ? 'smart' : scopeFamily(api);
    const found = scopeWords(family, scope);
    return found === undefined ? scope : renderer.words(found);
  };
}
