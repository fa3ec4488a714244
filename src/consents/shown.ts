import { createHash } from 'node:crypto';

/** A line as a page asked it. */
export interface ShownLine {
  readonly scope: string;
  readonly words: string;
  readonly required: boolean;
  /** What a line about everything reaches, in words; empty where the line says it itself. */
  readonly kinds: readonly string[];
}

/** All that a consent page said, in the words that the person read. */
export interface Shown {
  /** Language of the page, as BCP 47 names it. */
  readonly language: string;
  readonly client: string;
  readonly organization: string | null;
  /** Host to which the browser went back. */
  readonly site: string;
  /** Name of the person who decided. */
  readonly account: string;
  /** Name of the person whose record it is; `others` or `none` where it is no one person's. */
  readonly record: string;
  readonly role: string | null;
  readonly reason: string | null;
  /** Whether it said that access goes on while she is away. */
  readonly offline: boolean;
  /** The last moment of the decision, ISO 8601. */
  readonly until: string;
  /** The lines that were asked. */
  readonly lines: readonly ShownLine[];
  /** The words of what she had allowed before, which the page only told. */
  readonly held: readonly string[];
}

/** JSON in one form for one content: members in the order of their names (as RFC 8785 sorts them), no white space. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  );
}

/** SHA-256 of everything that a page said, base64url: whoever keeps the words can show that they are the ones. */
export function textDigest(shown: Shown): string {
  return createHash('sha256').update(canonicalJson(shown)).digest('base64url');
}
