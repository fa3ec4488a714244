import type { ConfidentialityScope, ResourceScope, ScopeGrammar } from './grammar.ts';
import { parseResourceScope } from './resource.ts';

type GpConnectScope = ResourceScope | ConfidentialityScope;

/**
 * The values of GP Connect's `requested_scope` (cross organisation audit and provenance page, 1.6): one access
 * value, `patient/*.read` and the three like it, and at most one confidentiality value beside it, in any order.
 * They are literals, so only the same value covers a value; `*` is part of the spelling here and no wildcard.
 * Every token of this family names a practitioner, so every value needs a person.
 */
export const gpConnect: ScopeGrammar<GpConnectScope> = {
  parse(text) {
    if (text === 'conf/N') return { kind: 'confidentiality', text, level: 'N' };
    if (text === 'conf/R') return { kind: 'confidentiality', text, level: 'R' };
    const scope = parseResourceScope(text);
    if (scope?.resource !== '*') return undefined;
    return scope.context === 'patient' || scope.context === 'organization' ? scope : undefined;
  },

  covers: (allowed, requested) => allowed.text === requested.text,

  needsPerson: () => true,

  combinationFault(scopes) {
    const access = new Set(scopes.filter(({ kind }) => kind === 'resource').map(({ text }) => text));
    const conf = new Set(scopes.filter(({ kind }) => kind === 'confidentiality').map(({ text }) => text));
    if (access.size > 1) return 'a request may have only one patient or organization scope';
    if (conf.size > 1) return 'a request may have only one of conf/N and conf/R';
    if (conf.size === 1 && access.size === 0) return 'a conf scope needs a patient or organization scope';
    return undefined;
  },

  words: (scope) =>
    scope.kind === 'confidentiality'
      ? { key: `scope.gpConnect.conf.${scope.level}`, values: {} }
      : { key: `scope.gpConnect.${scope.context}.${scope.access}`, values: {} },
};
