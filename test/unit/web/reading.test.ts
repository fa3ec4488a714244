import { expect, test } from 'vitest';
import { english } from '../../support/english.ts';
import { linesOf } from '../../support/page-text.ts';
import { gradeOf, lengthOf, sentencesOf, syllablesOf } from '../../support/reading.ts';
import { sampleList } from './samples.ts';

/** Words that a sentence has at most, and the school year that can read a page: children of about 11. */
const MOST_WORDS = 20;
const HIGHEST_GRADE = 6;

/** Samples of what somebody was named, which no rule of ours makes easier; the sentences around are those of other samples. */
const isAboutNames = (name: string) => /-long(-|$)/.test(name);

/** Half of the first page is for developers: its labels are names of things on the network. */
const forDevelopersToo = ['landing.njk'];

const pages = sampleList.filter(([name]) => !isAboutNames(name));

test.each(pages)('%s can be read at the age of eleven', (_name, template, model) => {
  const said = sentencesOf(linesOf(english.render(template, model)));
  expect(said.filter((sentence) => lengthOf(sentence) > MOST_WORDS)).toEqual([]);
  // Labels and buttons are short: with them, any page would look easy.
  const whole = said.filter((sentence) => /[.?!]$/.test(sentence));
  expect(whole.length).toBeGreaterThan(0);
  expect(gradeOf(whole), whole.join('\n')).toBeLessThanOrEqual(HIGHEST_GRADE);
  if (!forDevelopersToo.includes(template))
    expect(gradeOf(said), said.join('\n')).toBeLessThanOrEqual(HIGHEST_GRADE);
});

test.each([
  [1, ['a', 'you', 'choose', 'through', 'changed', 'asked', 'it’s']],
  [
    2,
    [
      'record',
      'allow',
      'decide',
      'reading',
      'pages',
      'needed',
      'little',
      'passkey',
      'people',
      'choices',
      'doctor',
    ],
  ],
  [3, ['remember', 'medium', 'allergy', 'computer', 'everything', 'area', 'medicine']],
  [4, ['application', 'vaccination', 'information']],
])('words of %i syllables', (count, words) => {
  for (const word of words) expect([word, syllablesOf(word)]).toEqual([word, count]);
});

test('the grade is Kincaid’s: a primer is for beginners, a statute is not', () => {
  expect(gradeOf(sentencesOf(['The cat sat on the mat. It was a red mat.']))).toBeLessThan(1);
  const statute =
    'Notwithstanding any contrary provision, authorisation is conditional upon verification of the relationship.';
  expect(gradeOf(sentencesOf([statute]))).toBeGreaterThan(15);
});

test('a line ends a sentence, and so does a stop before a capital', () => {
  expect(sentencesOf(['Sign in', 'Wait a minute. Then try again.', '–', 'Ask e.g. a friend.'])).toEqual([
    'Sign in',
    'Wait a minute.',
    'Then try again.',
    'Ask e.g. a friend.',
  ]);
});
