import type { ScopeGrammar, SmartNameScope, SmartResourceScope } from './grammar.ts';
import { parseSmartResource } from './smart-resource.ts';

type SmartScope = SmartResourceScope | SmartNameScope;

const names: readonly SmartNameScope['text'][] = [
  'openid',
  'profile',
  'fhirUser',
  'launch/patient',
  'offline_access',
  'online_access',
  'introspect',
];

/** The scopes of SMART App Launch 2.2 ("Scopes and launch context"). */
export const smart: ScopeGrammar<SmartScope> = {
  parse(text) {
    const name = names.find((known) => known === text);
    return name ? { kind: 'smart-name', text: name } : parseSmartResource(text);
  },

  covers: (allowed, requested) => allowed.text === requested.text,

  needsPerson: (scope) =>
    scope.kind === 'smart-resource' ? scope.context !== 'system' : scope.text !== 'introspect',

  combinationFault: () => undefined,

  describe: (scope) => ({ key: 'scope.plain', values: { name: scope.text } }),
};
