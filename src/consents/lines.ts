import { isIdentityScope } from '../clients/index.ts';

/** One line of a consent page as it was answered. */
export interface ConsentLine {
  readonly scope: string;
  /** The words that the person read. */
  readonly words: string;
  /** Required lines are taken together with the whole, or the whole is refused. */
  readonly required: boolean;
  readonly allowed: boolean;
  /** Whether it was never read: it came with a line that covers it. */
  readonly covered?: true;
}

/** One line of a consent page as it is asked. */
export interface QuestionLine {
  readonly scope: string;
  readonly words: string;
  readonly required: boolean;
  /** Whether it opens a part of the record; the others say who, and for how long. */
  readonly part: boolean;
  /** Whether it is ticked when the page opens. */
  readonly checked: boolean;
  /** What a line about everything reaches, in words; empty where the words say it. */
  readonly kinds: readonly string[];
  /** Whether it lets something be added, changed or removed. */
  readonly writes: boolean;
}

/** What lines say, in the person's language. */
export interface LineTeller {
  words(scope: string): string;
  kinds(scope: string): readonly string[];
  writes(scope: string): boolean;
}

/** How the scopes of an API reach into one another. */
export interface Reach {
  /** Whether whoever may have the first scope has the second one as well. */
  covers(allowed: string, requested: string): boolean;
  /** Whether the two have anything in common. */
  overlaps(one: string, other: string): boolean;
}

/** Without these an application cannot know whom and whose record it has before it. */
const requiredScopes = new Set(['openid', 'fhirUser', 'launch/patient']);

/** Whether a scope opens a part of the record; the others say who, and for how long. */
export const isPart = (scope: string) => !isIdentityScope(scope);

/** The scopes that stand for themselves: one that another scope of the request covers would be no choice of its own. */
function distinct(scopes: readonly string[], { covers }: Reach): string[] {
  return scopes.filter((scope, place) =>
    scopes.every(
      (other, at) => at === place || !covers(other, scope) || (at > place && covers(scope, other)),
    ),
  );
}

/** Whether a line opens ticked: not if it was refused before, or if it reaches what was, in whatever spelling. */
function isTicked(scope: string, before: readonly ConsentLine[], { overlaps }: Reach): boolean {
  const known = before.find((line) => line.scope === scope);
  return known?.allowed ?? before.every((line) => line.allowed || !overlaps(line.scope, scope));
}

/**
 * Makes the lines of a consent page, one for each thing that can be chosen apart. A line that was refused before opens
 * unticked: it stays refused until the person herself changes it.
 *
 * @param scopes the scopes that are asked about, in their order
 * @param before what she decided last time, if she did
 * @param whole whether the parts of the record make sense together only, so that each is required
 */
export function questionLines(
  scopes: readonly string[],
  {
    tell,
    reach,
    before = [],
    whole = false,
  }: {
    tell: LineTeller;
    reach: Reach;
    before?: readonly ConsentLine[] | undefined;
    whole?: boolean | undefined;
  },
): QuestionLine[] {
  return distinct(scopes, reach).map((scope) => ({
    scope,
    words: tell.words(scope),
    kinds: tell.kinds(scope),
    writes: tell.writes(scope),
    part: isPart(scope),
    required: requiredScopes.has(scope) || (whole && isPart(scope)),
    checked: isTicked(scope, before, reach),
  }));
}

/** The answer to a consent page, or what is wrong with it. */
export type Answer =
  | { readonly lines: readonly ConsentLine[] }
  /** `changed`: the form is not the one that was shown. `nothing-chosen`: no part of the record was ticked. */
  | { readonly fault: 'changed' | 'nothing-chosen' };

/**
 * Reads the lines that a person left ticked against those that she was shown. Of a record that the application may use
 * already nothing more need be chosen (`held`). Where two lines have something in common
 * and she left one of them out, neither is allowed: what she refused must not come with the other.
 */
export function readAnswer(
  question: readonly QuestionLine[],
  ticked: readonly string[],
  { overlaps }: Reach,
  held: readonly ConsentLine[] = [],
): Answer {
  const chosen = new Set(ticked);
  const shown = new Set(question.map((line) => line.scope));
  const added = ticked.some((scope) => !shown.has(scope));
  const removed = question.some((line) => line.required && !chosen.has(line.scope));
  if (added || removed || chosen.size !== ticked.length) return { fault: 'changed' };
  const refused = question.map((line) => line.scope).filter((scope) => !chosen.has(scope));
  const lines = question.map(({ scope, words, required }) => ({
    scope,
    words,
    required,
    allowed: chosen.has(scope) && refused.every((other) => !overlaps(other, scope)),
  }));
  const parts = [...lines, ...held].filter((line) => isPart(line.scope));
  if (parts.length > 0 && parts.every((line) => !line.allowed)) return { fault: 'nothing-chosen' };
  return { lines };
}

/**
 * Adds what is decided about the rest of a request, which nobody was asked about: a scope goes with the line that covers it,
 * and has the words that were read there.
 *
 * @param held earlier lines that hold
 */
export function withCovered(
  lines: readonly ConsentLine[],
  scopes: readonly string[],
  { covers }: Reach,
  held: readonly ConsentLine[] = [],
): ConsentLine[] {
  const all = [...lines, ...held];
  const rest = scopes.filter((scope) => all.every((line) => line.scope !== scope));
  const covered = rest.map((scope) => {
    const over = all.filter((line) => covers(line.scope, scope));
    const line = over.find(({ allowed }) => allowed) ?? over[0];
    const [words, allowed] = [line?.words ?? scope, line?.allowed ?? false];
    return { scope, words, required: false, allowed, covered: true as const };
  });
  return [...lines, ...covered];
}

/** The scopes about which the person has to be asked: no line names them, and no line that she allowed covers them. */
export function undecided(
  lines: readonly ConsentLine[],
  scopes: readonly string[],
  { covers }: Reach,
): string[] {
  return scopes.filter((scope) =>
    lines.every((line) => line.scope !== scope && !(line.allowed && covers(line.scope, scope))),
  );
}

/** The earlier lines that a new page says nothing about. */
export function untouched(before: readonly ConsentLine[], scopes: readonly string[]): ConsentLine[] {
  return before.filter((line) => !scopes.includes(line.scope));
}

/**
 * Until when a decision about these scopes would hold. It takes the earlier lines along that are not asked about this
 * time, and none of them may live longer than was said when it was shown.
 */
export function lastDay(
  before: { readonly lines: readonly ConsentLine[]; readonly expiresAt: Date } | undefined,
  scopes: readonly string[],
  usual: Date,
): Date {
  if (before === undefined || untouched(before.lines, scopes).length === 0) return usual;
  return before.expiresAt < usual ? before.expiresAt : usual;
}

/**
 * Whether a new line takes an earlier one back: it allows the whole of what was refused, or refuses something of it. Who was
 * only asked for more takes nothing back by saying no.
 */
function contradicts(
  next: ConsentLine,
  earlier: ConsentLine,
  { covers, overlaps }: Reach,
  more: boolean,
): boolean {
  if (next.allowed === earlier.allowed) return false;
  if (more && !next.allowed) return false;
  return next.allowed ? covers(next.scope, earlier.scope) : overlaps(next.scope, earlier.scope);
}

/**
 * The lines of a new decision together with those earlier ones that it leaves as they are.
 *
 * @param more whether the page asked for more, and said that what was allowed stays so
 */
export function merged(
  before: readonly ConsentLine[],
  lines: readonly ConsentLine[],
  reach: Reach,
  more = false,
): ConsentLine[] {
  const asked = lines.map((line) => line.scope);
  const others = untouched(before, asked).filter((earlier) =>
    lines.every((next) => !contradicts(next, earlier, reach, more)),
  );
  // What was granted first comes first in tokens, too.
  return more ? [...others, ...lines] : [...lines, ...others];
}

/** The scopes of the lines that were allowed, or of those that were refused. */
export function scopesOf(lines: readonly ConsentLine[], allowed: boolean): string[] {
  return lines.filter((line) => line.allowed === allowed).map((line) => line.scope);
}

/** Whether a new decision takes back something that an earlier one allowed. */
export function narrows(before: readonly ConsentLine[], after: readonly ConsentLine[]): boolean {
  const still = new Set(scopesOf(after, true));
  return scopesOf(before, true).some((scope) => !still.has(scope));
}
