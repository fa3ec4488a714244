import { gpConnect } from './gp-connect.ts';
import type { Scope, ScopeGrammar, ScopeWords } from './grammar.ts';
import { oidc } from './oidc.ts';
import { plain } from './plain.ts';
import { isWriting, typesReached } from './reaching.ts';
import { remembering } from './remembering.ts';
import { smart } from './smart.ts';
import { spine } from './spine.ts';

export type {
  Access,
  ConfidentialityScope,
  Context,
  OidcScope,
  PlainScope,
  ResourceScope,
  Scope,
  ScopeWords,
  SmartNameScope,
  SmartResourceScope,
} from './grammar.ts';
export { parseSmartResource } from './smart-resource.ts';
export { splitScope } from './split.ts';

/** A further family is one more name here, one more file and one more line in `grammars`. */
export type ScopeFamily = 'spine' | 'gp-connect' | 'oidc' | 'plain' | 'smart';

const grammars: Record<ScopeFamily, ScopeGrammar> = {
  spine: remembering(spine),
  'gp-connect': remembering(gpConnect),
  oidc: remembering(oidc),
  plain: remembering(plain),
  smart: remembering(smart),
};

/**
 * Reads one scope in the grammar of its family.
 *
 * @param text one token, as `splitScope` gives it
 * @returns undefined if the family does not admit it; to be answered as `invalid_scope` (RFC 6749 section 5.2)
 */
export function parseScope(family: ScopeFamily, text: string): Scope | undefined {
  return grammars[family].parse(text);
}

/** Parses texts in one family's grammar and leaves out those which it does not admit. */
function parseAll(grammar: ScopeGrammar, texts: readonly string[]): Scope[] {
  return texts.map((text) => grammar.parse(text)).filter((scope) => scope !== undefined);
}

/** Gives a test of single texts against the allowed ones taken together, which are parsed once. */
function coveredBy(family: ScopeFamily, allowed: readonly string[]): (requested: string) => boolean {
  const grammar = grammars[family];
  const held = parseAll(grammar, allowed);
  return (requested) => {
    const scope = grammar.parse(requested);
    if (scope === undefined) return false;
    const atoms = grammar.atoms?.(scope) ?? [scope];
    return atoms.every((atom) => held.some((one) => grammar.covers(one, atom)));
  };
}

/**
 * Tells whether a client that was given `allowed` has `requested`. What that means for `*` is said in each
 * family's file. False if either text is outside the grammar, even if they are equal.
 */
export function covers(family: ScopeFamily, allowed: string, requested: string): boolean {
  return coveredBy(family, [allowed])(requested);
}

/** Tells whether two scopes have something in common: some single permission of one that the other covers. */
export function overlaps(family: ScopeFamily, one: string, other: string): boolean {
  const grammar = grammars[family];
  const [first, second] = [grammar.parse(one), grammar.parse(other)];
  if (first === undefined || second === undefined) return false;
  const reaches = (from: Scope, to: Scope) =>
    (grammar.atoms?.(to) ?? [to]).some((atom) => grammar.covers(from, atom));
  return reaches(first, second) || reaches(second, first);
}

/**
 * The requested scopes that the allowed ones cover, as they were spelt and in the order requested. In the SMART
 * family several allowed scopes may cover one together, as `.r` and `.s` do `.rs`.
 */
export function intersect(
  family: ScopeFamily,
  allowed: readonly string[],
  requested: readonly string[],
): string[] {
  return requested.filter(coveredBy(family, allowed));
}

/**
 * The requested scopes that the allowed ones do not cover, in the order requested: what `intersect` leaves out. The
 * first is the one to name in an `invalid_scope` error.
 */
export function uncovered(
  family: ScopeFamily,
  allowed: readonly string[],
  requested: readonly string[],
): string[] {
  const covered = coveredBy(family, allowed);
  return requested.filter((text) => !covered(text));
}

/**
 * Tells whether a client that acts for no person (client credentials) may never hold the scope: all of OpenID
 * Connect and GP Connect, in the Spine family everything but `system/`, and in SMART's all but that and `introspect`.
 * A text outside the grammar counts as
 * needing a person, so that a caller which forgot to refuse it stays on the safe side.
 */
export function needsPerson(family: ScopeFamily, text: string): boolean {
  const grammar = grammars[family];
  const scope = grammar.parse(text);
  return scope === undefined || grammar.needsPerson(scope);
}

/**
 * Says what is wrong with the scopes of one request taken together, where each of them alone would do.
 *
 * @param texts all scopes of the request; those outside the family (such as `openid` beside GP Connect's) are
 *   passed over, as is a repeated one
 * @returns a short English sentence, in the characters that RFC 6749 section 5.2 allows in an error_description;
 *   undefined if nothing is wrong. GP Connect has such rules (cross organisation audit and provenance page), and
 *   SMART's `system/` and `online_access` do not go with everything.
 */
export function combinationFault(family: ScopeFamily, texts: readonly string[]): string | undefined {
  const grammar = grammars[family];
  return grammar.combinationFault(parseAll(grammar, texts));
}

/** Whether a scope lets something be added, changed or removed; false for a text outside the grammar. */
export function writes(family: ScopeFamily, text: string): boolean {
  const scope = grammars[family].parse(text);
  return scope !== undefined && isWriting(scope);
}

/**
 * The types of resources that a scope about every type reaches, of those that an API offers, in its order. None for a scope
 * that names its type itself, and in the families whose APIs name no types.
 */
export function typesWithin(family: ScopeFamily, text: string, offered: readonly string[]): string[] {
  const grammar = grammars[family];
  const scope = grammar.parse(text);
  return scope === undefined ? [] : typesReached(scope, parseAll(grammar, offered));
}

/**
 * Finds the words that tell a person what a scope allows. Their way: scope text -> `scopeWords` -> `scope.*` in `locales/`
 * -> `renderer.words` in `web/` -> the line on the consent page, stored with the decision (`words` in `consents/lines.ts`).
 *
 * @returns a key under `scope` in `locales/` and the values to put in; for a scope with a resource type these are
 *   `resourceKey`, a key under `resource`, and `resource`, the bare FHIR name for a type that has no words yet.
 *   Undefined if the text is outside the grammar.
 */
export function scopeWords(family: ScopeFamily, text: string): ScopeWords | undefined {
  const grammar = grammars[family];
  const scope = grammar.parse(text);
  return scope && grammar.words(scope);
}
