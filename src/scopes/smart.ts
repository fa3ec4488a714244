import type { ScopeGrammar, SmartNameScope, SmartResourceScope } from './grammar.ts';
import { parseSmartResource } from './smart-resource.ts';
import { smartResourceWords } from './smart-words.ts';

type SmartScope = SmartResourceScope | SmartNameScope;

const names: readonly SmartNameScope['text'][] = [
  'openid',
  'profile',
  'identity',
  'practitioner',
  'fhirUser',
  'launch/patient',
  'offline_access',
  'online_access',
  'introspect',
];

/** Whether everything that `requested` reaches is within `allowed`: further parameters narrow, missing ones widen. */
function reaches(allowed: SmartResourceScope, requested: SmartResourceScope): boolean {
  return (
    allowed.context === requested.context &&
    (allowed.resource === '*' || allowed.resource === requested.resource) &&
    [...requested.letters].every((letter) => allowed.letters.includes(letter)) &&
    allowed.params.every(([name, value]) =>
      requested.params.some((param) => param[0] === name && param[1] === value),
    )
  );
}

/**
 * The scopes of SMART App Launch 2.2 ("Scopes and launch context"), v2 and v1.
 *
 * Left out on purpose: `launch` and `launch/encounter` (launches from a health record system), the experimental forms
 * (modifiers, chaining, `launch/<type>?role=`), operations, and the prefix `http://smarthealthit.org/fhir/scopes/`.
 *
 * Scopes are a union, so `r` and `s` together are `rs`. Types are not: `*` is also every type to come, so no list of
 * types, however long, covers it.
 */
export const smart: ScopeGrammar<SmartScope> = {
  parse(text) {
    const name = names.find((known) => known === text);
    return name ? { kind: 'smart-name', text: name } : parseSmartResource(text);
  },

  atoms: (scope) =>
    scope.kind === 'smart-resource' ? [...scope.letters].map((letters) => ({ ...scope, letters })) : [scope],

  covers: (allowed, requested) =>
    allowed.kind === 'smart-resource' && requested.kind === 'smart-resource'
      ? reaches(allowed, requested)
      : allowed.text === requested.text,

  needsPerson: (scope) =>
    scope.kind === 'smart-resource' ? scope.context !== 'system' : scope.text !== 'introspect',

  combinationFault(scopes) {
    const contexts = new Set(scopes.map((scope) => scope.kind === 'smart-resource' && scope.context));
    const texts = new Set(scopes.map(({ text }) => text));
    if (contexts.has('system') && (contexts.has('patient') || contexts.has('user')))
      return 'system scopes cannot stand beside patient or user scopes';
    if (texts.has('offline_access') && texts.has('online_access'))
      return 'offline_access and online_access exclude each other';
    return undefined;
  },

  words: (scope) =>
    scope.kind === 'smart-resource'
      ? smartResourceWords(scope)
      : { key: `scope.smart.${scope.text}`, values: {} },
};
