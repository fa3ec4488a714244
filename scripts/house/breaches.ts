import type { IForbiddenRuleType, IViolation } from 'dependency-cruiser';
import type { Exception } from './exceptions.ts';

type Found = Pick<IViolation, 'from' | 'to' | 'cycle'> & { readonly rule: { readonly name: string } };

const covers = ({ rule, from, to }: Exception, one: Found): boolean =>
  one.rule.name === rule && one.from.startsWith(from) && one.to.startsWith(to);

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
 * Words what breaks a rule and is no exception, and each exception that nothing needs any longer.
 *
 * @returns a sentence each, with the reason of the rule
 */
export function breaches(
  found: readonly Found[],
  exceptions: readonly Exception[],
  rules: readonly IForbiddenRuleType[],
): string[] {
  const reason = (name: string) => rules.find((rule) => rule.name === name)?.comment ?? '';
  const broken = once(found).filter((one) => !exceptions.some((exception) => covers(exception, one)));
  const spare = exceptions.filter((exception) => !found.some((one) => covers(exception, one)));
  return [
    ...broken.map((one) => `${one.rule.name}: ${wayOf(one)}. ${reason(one.rule.name)}`),
    ...spare.map(
      ({ rule, from, to }) => `${rule}: nothing from ${from} to ${to} needs an exception now: take it out`,
    ),
  ];
}
