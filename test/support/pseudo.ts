import { type Locale, readLocales, type Sentences } from '../../src/web/locales.ts';

/** Letters that show at a glance that a sentence came from the locale, and still can be read. */
const accented: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...['aå', 'bƀ', 'cç', 'dđ', 'eé', 'fƒ', 'gĝ', 'hĥ', 'iî', 'jĵ', 'kķ', 'lļ', 'mɱ', 'nñ', 'oö', 'pþ'],
    ...['qɋ', 'rŕ', 'sš', 'tţ', 'uû', 'vṽ', 'wŵ', 'xẋ', 'yý', 'zž', 'AÅ', 'BƁ', 'CÇ', 'DĐ', 'EÉ', 'FƑ'],
    ...['GĜ', 'HĤ', 'IÎ', 'JĴ', 'KĶ', 'LĻ', 'MṀ', 'NÑ', 'OÖ', 'PÞ', 'QɊ', 'RŔ', 'SŠ', 'TŢ', 'UÛ', 'VṼ'],
    ...['WŴ', 'XẊ', 'YÝ', 'ZŽ'],
  ].map((pair) => [...pair]),
);

/** Other languages need more room than English; this is what German does. */
const LONGER = 0.4;

/** Makes a sentence nobody would write: accented, in brackets, 40 % longer; places for values stay. */
export function pseudoText(text: string): string {
  const changed = text
    .split(/(\{\{\w+\}\})/)
    .map((part) =>
      part.startsWith('{{') ? part : part.replaceAll(/[a-z]/gi, (letter) => accented[letter] ?? letter),
    )
    .join('');
  return `⟦${changed} ${'~'.repeat(Math.ceil(text.length * LONGER))}⟧`;
}

function pseudoSentences(sentences: Sentences): Sentences {
  return Object.fromEntries(
    Object.entries(sentences).map(([key, value]) => [
      key,
      typeof value === 'string' ? pseudoText(value) : pseudoSentences(value),
    ]),
  );
}

/** The language that only tests have. */
export const PSEUDO = 'en-XA';

/** Every language there is, and the one that only tests have, made from English. */
export function withPseudo(): readonly Locale[] {
  const locales = readLocales();
  const english = locales.find(({ tag }) => tag === 'en');
  if (english === undefined) throw new Error('there is no English');
  return [...locales, { tag: PSEUDO, sentences: pseudoSentences(english.sentences) }];
}
