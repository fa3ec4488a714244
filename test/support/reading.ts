/** Words whose syllables the rules below would miscount. */
const known: Readonly<Record<string, number>> = {
  area: 3,
  being: 2,
  create: 2,
  created: 3,
  every: 2,
  everyone: 3,
  everything: 3,
  idea: 3,
  people: 2,
  someone: 2,
  something: 2,
  somewhere: 2,
  sometimes: 2,
  medicine: 3,
  medicines: 3,
  vaccine: 2,
  safely: 2,
  likely: 2,
  hereby: 2,
  therefore: 2,
  quiet: 2,
  science: 2,
};

/** How many syllables a word has, by the usual rules of English spelling: at least one. */
export function syllablesOf(word: string): number {
  const plain = word
    .normalize('NFD')
    .replaceAll(/[^a-z]/gi, '')
    .toLowerCase();
  if (plain === '') return 1;
  const found = known[plain];
  if (found !== undefined) return found;
  const spoken = plain
    // Silent: the e at the end, but for "-le" after a consonant; "-es" and "-ed", but after sounds that they cannot join.
    .replace(/([^aeiouy])es$/, (end, before: string) => (/[sxz]|ch|sh|[cg]/.test(before) ? end : before))
    .replace(/([^aeiouytd])ed$/, '$1')
    .replace(/([^l])e$/, '$1')
    .replace(/([aeiouy])le$/, '$1l');
  const groups = spoken.match(/[aeiouy]+/g)?.length ?? 1;
  // Two vowels that are spoken apart: "re-apply", "di-et", "medi-um", but not "-tion", "-cian".
  const apart =
    spoken.match(/(?<![tcsx])i[ao](?!us)|iu|ying|[aeo]ing$|^rea(?=[pcl][^h])|eo(?=[lrg])/g)?.length ?? 0;
  return Math.max(1, groups + apart);
}

const wordsOf = (sentence: string): string[] =>
  sentence.split(/[\s/–]+/).filter((word) => /\p{L}|\d/u.test(word));

/** The sentences of lines: each line ends one, also without a full stop. */
export function sentencesOf(lines: readonly string[]): string[] {
  return lines
    .flatMap((line) => line.split(/(?<=[.?!])["”)]?\s+(?=[\p{Lu}“])/u))
    .map((sentence) => sentence.trim())
    .filter((sentence) => wordsOf(sentence).length > 0);
}

/** How many words a sentence has. */
export const lengthOf = (sentence: string): number => wordsOf(sentence).length;

/**
 * The school year that can read a text (Kincaid and others 1975): 0.39 words a sentence + 11.8 syllables a word − 15.59.
 * Only sentences count: labels, buttons and names of two or three words would make any page look easy.
 */
export function gradeOf(sentences: readonly string[]): number {
  const words = sentences.flatMap(wordsOf);
  if (words.length === 0) return 0;
  const syllables = words.reduce((sum, word) => sum + syllablesOf(word), 0);
  return 0.39 * (words.length / sentences.length) + 11.8 * (syllables / words.length) - 15.59;
}
