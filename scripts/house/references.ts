import { rowsOf, sectionOf } from './tables.ts';

/** Texts by the path of their file. */
type Texts = ReadonlyMap<string, string>;

const SOURCES = 'docs/sources.md';

/** A comment of several lines as one, so that a citation may run over the end of a line. */
const joined = (text: string): string => text.replace(/\n\s*(?:\*(?!\/)|\/\/)?\s*/g, ' ');

/** Short names of documents that the repository does not have, as comments write them, and the name in the table. */
const shortNames: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\bspine-jwt\b/, 'spine-jwt.md'],
  [/\bDESIGN\b/, 'DESIGN'],
  [/\bthreat catalogue\b/, 'threat catalogue'],
  [/\breference provider\b/, 'reference provider'],
  [/\bpublished tests?\b/, 'published tests'],
  [/\bpublished pages?\b/, 'published pages'],
];

/** "GP Connect's error page" is the "GP Connect error handling page": what is between is compared by its first word. */
const pages = /\b(GP Connect|Spine Core|NRL|Reasonable Adjustments)(?:'s|’s)? (\w+)(?: handling)? pages?\b/g;

/** `spine-jwt.md sections 3.1 to 3.4, 4 and 9`, with or without the word. */
const sections =
  /\bspine-jwt(?:\.md| reference)?,? (?:sections? )?(\d+(?:\.\d+)*(?:(?:,? and |, | to )\d+(?:\.\d+)*)*)/g;

const decisions = /\badr\/(\d{4})(?:[\w.-]*)(?:(?: and |, )(\d{4})\b)?|\bADR (\d+)/g;

function decisionFaults(file: string, text: string, exists: (start: string) => boolean): string[] {
  return [...text.matchAll(decisions)]
    .flatMap(([, first, second, short]) => [first, second, short?.padStart(4, '0')])
    .filter((number) => number !== undefined && !exists(`docs/adr/${number}`))
    .map((number) => `${file}: there is no decision ${number}`);
}

function documentFaults(file: string, text: string, names: ReadonlySet<string>, known: Texts): string[] {
  const cited = [...text.matchAll(/(?<![\w/:.-])((?:\.{0,2}\/)?[\w-]+(?:\/[\w-]+)*\.md)\b/g)].map(
    ([, name = '']) => name,
  );
  return [...new Set(cited)]
    .filter((name) => {
      const end = name.replace(/^\.{0,2}\//, '');
      return !names.has(name) && ![...known.keys()].some((path) => path === end || path.endsWith(`/${end}`));
    })
    .map((name) => `${file}: ${name} is neither in the repository nor in docs/sources.md`);
}

function nameFaults(file: string, text: string, names: ReadonlySet<string>): string[] {
  const short = shortNames.filter(([pattern]) => pattern.test(text)).map(([, name]) => name);
  const ofPages = [...text.matchAll(pages)].map(([, family = '', word = '']) => `${family} ${word}`);
  return [
    ...short.filter((name) => !names.has(name)),
    ...ofPages
      .filter((start) => ![...names].some((name) => name.startsWith(`${start} `)))
      .map((one) => `${one} page`),
  ].map((name) => `${file}: docs/sources.md does not explain "${name}"`);
}

/**
 * Finds what is cited and cannot be looked up: documents that are not there, short names and sections of the digest that
 * `docs/sources.md` does not explain, decisions without a page.
 *
 * @param texts of the files whose citations are read
 * @param documents all Markdown files of the repository
 */
export function citationFaults(texts: Texts, documents: Texts): string[] {
  const sources = documents.get(SOURCES) ?? '';
  const names = new Set(rowsOf(sectionOf(sources, 'Names')).map(({ Name = '' }) => Name.replaceAll('`', '')));
  const explained = new Set(
    rowsOf(sectionOf(sources, 'Sections of the digest')).map(({ Section }) => Section),
  );
  const hasDecision = (start: string) => [...documents.keys()].some((path) => path.startsWith(`${start}-`));
  return [...texts].flatMap(([file, raw]) => {
    const text = joined(raw);
    const numbers = [...text.matchAll(sections)].flatMap(
      ([, list = '']) => list.match(/\d+(?:\.\d+)*/g) ?? [],
    );
    return [
      ...decisionFaults(file, text, hasDecision),
      // Its table has the names of files in other repositories.
      ...(file === SOURCES ? [] : documentFaults(file, text, names, documents)),
      ...nameFaults(file, text, names),
      ...numbers
        .filter((number) => !explained.has(number))
        .map((number) => `${file}: docs/sources.md does not explain section ${number} of spine-jwt.md`),
    ];
  });
}

/** A path as a document writes it: from the root, or from `src`. */
const path = /(?<![\w/.:@*-])(?:[\w-]+\/)+[\w.-]*/g;
const ofOurs = /^(?:src|test|bench|scripts|migrations|views|locales)\/|\.ts$/;

/**
 * Finds the paths that a page names and that are not there.
 *
 * @param exists whether the repository has a path
 */
export function pathFaults(texts: Texts, exists: (path: string) => boolean): string[] {
  return [...texts].flatMap(([file, text]) => {
    const named = [...text.matchAll(path)]
      .map(([one]) => one.replace(/\.$/, ''))
      .filter((one) => ofOurs.test(one));
    return [...new Set(named)]
      .filter((one) => !exists(one) && !exists(`src/${one}`))
      .map((one) => `${file}: there is no ${one}`);
  });
}
