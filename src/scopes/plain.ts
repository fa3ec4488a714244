import type { PlainScope, ScopeGrammar } from './grammar.ts';
import { oidc } from './oidc.ts';

const form = /^[a-z][a-z0-9]*(?:[._:-][a-z0-9]+)*$/;

/**
 * Names without inner structure, as an API outside the health profiles has them: `admin.read`, `introspect`.
 * Lower-case words joined by single dots, colons, hyphens or underscores. No slash, and none of the OpenID Connect
 * names: a scope that needs a person must not slip in as a plain one, which never does.
 */
export const plain: ScopeGrammar<PlainScope> = {
  parse: (text) => (form.test(text) && !oidc.parse(text) ? { kind: 'plain', text } : undefined),
  covers: (allowed, requested) => allowed.text === requested.text,
  needsPerson: () => false,
  combinationFault: () => undefined,
  words: ({ text }) => ({ key: 'scope.plain', values: { name: text } }),
};
