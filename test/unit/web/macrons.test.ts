import { expect, test } from 'vitest';
import { english } from '../../support/english.ts';
import { linesOf, spokenAttributes } from '../../support/page-text.ts';
import { sampleList } from './samples.ts';

const name = 'Wiremu Pōtae-Ngāti Ōtautahi';

/** Members by which a template chooses, and texts of the design of a page, not of people. */
const isName = (member: string) => /^(name|organization|patient)$/.test(member);

/** Gives everything in a model that has a name this one. */
function renamed(value: unknown, member = ''): unknown {
  if (typeof value === 'string') return isName(member) && value !== '' ? name : value;
  if (Array.isArray(value)) return value.map((item) => renamed(item, member));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renamed(item, key)]));
}

test.each(sampleList)('%s keeps the macrons of names', (_name, template, model) => {
  const html = english.render(template, renamed(model) as object);
  expect(html).toMatch(/<meta charset="utf-8">/);
  const said = [...linesOf(html), ...spokenAttributes(html)].join('\n');
  for (const [found] of said.matchAll(/Wiremu \S+ \S*tautahi/g)) expect(found).toBe(name);
  expect(html).not.toMatch(/P(o|&#\w+;|%C5%8D|\?|�)tae/);
});

test('pages do show names', () => {
  const showing = sampleList.filter(([, template, model]) =>
    linesOf(english.render(template, renamed(model) as object)).some((line) => line.includes(name)),
  );
  expect(showing.length).toBeGreaterThan(sampleList.length / 4);
});
