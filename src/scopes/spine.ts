import type { ResourceScope, ScopeGrammar } from './grammar.ts';
import { parseResourceScope } from './resource.ts';

/**
 * The scopes of Spine Core, Reasonable Adjustments and NRL (Spine Core scope page; JWT pages of the other two).
 *
 * On `*`: the published tables never say that it covers single types. Reasonable Adjustments and CareConnect list
 * types one by one, and NRL gives `patient/*.read` to retrieval and `patient/DocumentReference.read` to the index
 * as two values of which a token carries exactly one. The syntax is that of SMART, though, where `*` is any type,
 * so it counts as that when a request is held against what a client was given. The token still carries the text
 * that was requested, never the wildcard behind it, so a receiver that compares literally is served as well.
 * Nothing widens in the other direction: no list of types, however long, covers `*`, and `write` is not `read`.
 *
 * On persons: only `system/` is free of one. No published table has an `organization/` scope in this family, so
 * the stricter reading holds for it.
 */
export const spine: ScopeGrammar<ResourceScope> = {
  parse: parseResourceScope,

  covers: (allowed, requested) =>
    allowed.context === requested.context &&
    allowed.access === requested.access &&
    (allowed.resource === '*' || allowed.resource === requested.resource),

  needsPerson: (scope) => scope.context !== 'system',

  combinationFault: () => undefined,

  words: ({ context, resource, access }) => ({
    key: `scope.${context}.${access}`,
    values: { resource, resourceKey: resource === '*' ? 'resource.all' : `resource.${resource}` },
  }),
};
