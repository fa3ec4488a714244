import { type ConsentLine, isPart, type Reach } from './lines.ts';

/**
 * What is left of a decision when one line of it is taken back: the line is refused, and with it every other that has
 * something in common with it, or what was taken back would come with that.
 *
 * @returns the lines as they hold from then on; `whole` where it goes only together with everything: a line that is required,
 *   reaches into one that is, or is the last that opens a part of the record. Undefined where nothing of the kind is allowed
 */
export function withoutLine(
  lines: readonly ConsentLine[],
  scope: string,
  { overlaps }: Reach,
): readonly ConsentLine[] | 'whole' | undefined {
  if (!lines.some((line) => line.allowed && line.scope === scope)) return undefined;
  const goes = (line: ConsentLine) => line.allowed && (line.scope === scope || overlaps(line.scope, scope));
  if (lines.some((line) => goes(line) && line.required)) return 'whole';
  const left = lines.map((line) => (goes(line) ? { ...line, allowed: false } : line));
  const opens = (all: readonly ConsentLine[]) => all.some((line) => line.allowed && isPart(line.scope));
  return opens(lines) && !opens(left) ? 'whole' : left;
}
