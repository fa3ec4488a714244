import type { Scope } from './grammar.ts';

/** Whether a scope lets something be added, changed or removed. */
export function isWriting(scope: Scope): boolean {
  if (scope.kind === 'smart-resource') return /[cud]/.test(scope.letters);
  return scope.kind === 'resource' && scope.access === 'write';
}

/**
 * The types that a scope about every type of resource reaches, of those that an API offers.
 *
 * @returns in the order offered; none for a scope that names its type, or whose API names no types
 */
export function typesReached(scope: Scope, offered: readonly Scope[]): string[] {
  if (scope.kind !== 'smart-resource' || scope.resource !== '*') return [];
  const types = offered.flatMap((one) =>
    one.kind === 'smart-resource' &&
    one.resource !== '*' &&
    one.context === scope.context &&
    [...one.letters].some((letter) => scope.letters.includes(letter))
      ? [one.resource]
      : [],
  );
  return [...new Set(types)];
}
