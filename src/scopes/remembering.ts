import { LRUCache } from 'lru-cache';
import type { Scope, ScopeGrammar } from './grammar.ts';

/** Scopes that a family remembers: more than all clients of a large service have. */
const MOST = 1000;

/**
 * A grammar that reads the same text once. A token request has its few scopes looked at by several rules, and the next one
 * brings the same. What the grammar does not admit is not remembered: anybody may send any amount of it.
 */
export function remembering<S extends Scope>(grammar: ScopeGrammar<S>): ScopeGrammar<S> {
  const known = new LRUCache<string, S>({ max: MOST });
  return {
    ...grammar,
    parse(text) {
      const before = known.get(text);
      if (before !== undefined) return before;
      const scope = grammar.parse(text);
      if (scope !== undefined) known.set(text, scope);
      return scope;
    },
  };
}
