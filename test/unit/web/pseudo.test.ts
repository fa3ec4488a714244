import { expect, test } from 'vitest';
import { testPages } from '../../support/english.ts';
import { linesOf, spokenAttributes } from '../../support/page-text.ts';
import { PSEUDO, pseudoText, withPseudo } from '../../support/pseudo.ts';
import { sampleList } from './samples.ts';

const pseudo = testPages(withPseudo()).renderers.in(PSEUDO);
const { dates } = pseudo;

/** Everything that a page shows of its model: names, addresses, codes; and dates, which are no sentences. */
function dataOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Date) return [dates.moment(value), dates.day(value), dates.time(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(dataOf);
}

/** Addresses and the like that a template shows as they are: nobody translates them. */
const shownAsTheyAre: Readonly<Record<string, readonly string[]>> = {
  'landing.njk': ['/.well-known/openid-configuration', '/jwks', '/health/ready'],
  'demo/reading.njk': ['mmHg'],
  'demo/record.njk': ['true', 'false'],
};

test.each(sampleList)('%s holds no sentence that a translator would not find', (_name, template, model) => {
  const html = pseudo.render(template, model);
  const data = [...dataOf(model), ...(shownAsTheyAre[template] ?? [])]
    .map((text) => text.replaceAll(/\s+/g, ' ').trim())
    .filter((text) => text !== '')
    .sort((one, other) => other.length - one.length);
  const said = [...linesOf(html), ...spokenAttributes(html)];
  expect(said.some((line) => line.includes('⟦'))).toBe(true);
  const foreign = said.filter((line) =>
    /[a-z]/i.test(data.reduce((rest, text) => rest.replaceAll(text, ' '), line)),
  );
  expect(foreign).toEqual([]);
});

test('a sentence of the test language is longer, in brackets, and keeps its places', () => {
  expect(pseudoText('Sign in, {{name}}')).toBe('⟦Šîĝñ îñ, {{name}} ~~~~~~~⟧');
});
