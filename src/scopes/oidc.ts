import type { OidcScope, ScopeGrammar } from './grammar.ts';

const names: readonly OidcScope['text'][] = [
  'openid',
  'profile',
  'email',
  'address',
  'phone',
  'offline_access',
];

/**
 * The scopes of OpenID Connect Core 1.0, sections 3.1.2.1, 5.4 and 11. All of them speak of a signed-in person.
 * `fhirUser`, `launch` and `online_access` are not here: they belong to SMART App Launch.
 */
export const oidc: ScopeGrammar<OidcScope> = {
  parse(text) {
    const name = names.find((known) => known === text);
    return name && { kind: 'oidc', text: name };
  },
  covers: (allowed, requested) => allowed.text === requested.text,
  needsPerson: () => true,
  combinationFault: () => undefined,
  words: ({ text }) => ({ key: `scope.oidc.${text}`, values: {} }),
};
