import type { IForbiddenRuleType, IViolation } from 'dependency-cruiser';

type Found = Pick<IViolation, 'from' | 'to' | 'cycle'> & { readonly rule: { readonly name: string } };

/** The way of a breach: what imports what, round the whole circle where it is one. */
function wayOf({ from, to, cycle }: Found): string {
  if (cycle !== undefined && cycle.length > 0) return [from, ...cycle.map(({ name }) => name)].join(' -> ');
  // Such a rule is about one file, and the cruiser names it twice.
  return from === to ? from : `${from} -> ${to}`;
}

/** Folders in a circle are found once from each of them. */
function once(found: readonly Found[]): Found[] {
  const circleOf = ({ rule, cycle = [] }: Found) =>
    cycle.length === 0 ? undefined : [rule.name, ...cycle.map(({ name }) => name).sort()].join(' ');
  const seen = new Set<string>();
  return found.filter((one) => {
    const circle = circleOf(one);
    if (circle === undefined) return true;
    const isNew = !seen.has(circle);
    seen.add(circle);
    return isNew;
  });
}

/**
 * Words what breaks a rule.
 *
 * @returns a sentence each, with the reason of the rule
 */
export function breaches(found: readonly Found[], rules: readonly IForbiddenRuleType[]): string[] {
  const reason = (name: string) => rules.find((rule) => rule.name === name)?.comment ?? '';
  return once(found).map((one) => `${one.rule.name}: ${wayOf(one)}. ${reason(one.rule.name)}`);
}
