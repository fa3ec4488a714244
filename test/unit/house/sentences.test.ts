import { expect, test } from 'vitest';
import { keyFaults, localeFaults, type Sentences } from '../../../scripts/house/sentences.ts';

const english: Sentences = {
  page: {
    title: 'A page',
    part: { sent_one: 'Sent {{count}} mail to {{name}}', sent_other: 'Sent {{count}} to {{name}}' },
  },
  scope: { openid: 'Know who it is' },
};
const templates = (text: string) => new Map([['views/page.njk', text]]);
const all = '{{ t(\'page.title\') }} {{ t("page.part.sent", { count: 2 }) }}';
const none = new Map<string, string>();

test('nothing is wrong where every key is asked for and there', () => {
  expect(keyFaults(english, templates(all), none)).toEqual([]);
  expect(localeFaults('en', english, english)).toEqual([]);
});

test.each([
  [
    'a template',
    templates(`${all} {{ t('page.name') }}`),
    none,
    'views/page.njk: there is no sentence page.name',
  ],
  [
    'code',
    templates(all),
    new Map([['src/a.ts', "translate('page.name')"]]),
    'src/a.ts: there is no sentence page.name',
  ],
  [
    'a name that code hands on',
    templates(all),
    new Map([['src/a.ts', "titleKey: 'page.part.gone'"]]),
    'src/a.ts: there is no sentence page.part.gone',
  ],
  [
    'a group',
    templates(`${all} {{ t('page.part') }}`),
    none,
    'views/page.njk: there is no sentence page.part',
  ],
  [
    'a key that is put together',
    templates(`${all} {{ t('page.' + kind) }}`),
    none,
    'views/page.njk: puts a key together from page.',
  ],
])('what %s asks for must be there', (_who, views, code, fault) => {
  expect(keyFaults(english, views, code)).toEqual([fault]);
});

test('a sentence that nothing asks for is too many, but for those that are found at run time', () => {
  expect(keyFaults(english, templates("{{ t('page.title') }}"), none)).toEqual([
    'nothing asks for the sentence page.part.sent',
  ]);
});

test.each<[string, string, Sentences, string[]]>([
  [
    'a missing key',
    'mi',
    { part: { sent_one: '{{name}}', sent_other: '{{count}} {{name}}' } },
    ['mi: has no sentence page.title'],
  ],
  [
    'a key too many',
    'mi',
    { title: 'x', more: 'y', part: { sent_one: '{{name}}', sent_other: '{{count}} {{name}}' } },
    ['mi: page.more is not in English'],
  ],
  [
    'a form that the language lacks, and one that it has',
    'pl',
    {
      title: 'x',
      part: { sent_one: '{{name}}', sent_few: '{{name}}', sent_other: '{{name}}', sent_two: '{{name}}' },
    },
    ['pl: has no sentence page.part.sent_many', 'pl: page.part.sent_two is not in English'],
  ],
  ['one form only', 'ja', { title: 'x', part: { sent_other: '{{count}} {{name}}' } }, []],
  [
    'other places for values',
    'ja',
    { title: '{{name}}', part: { sent_other: '{{count}}' } },
    ['ja: page.title has no value for {{name}}', 'ja: page.part.sent_other leaves out {{name}}'],
  ],
])('%s is found', (_name, tag, page, faults) => {
  expect(localeFaults(tag, { page, scope: english.scope ?? {} }, english)).toEqual(faults);
});
