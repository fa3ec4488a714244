import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  canonicalJson,
  type ListedConsent,
  receiptOf,
  receiptText,
  type Shown,
  sayReceipt,
  textDigest,
} from '../../../src/consents/index.ts';
import { aroha } from './kept-consent.ts';

const now = new Date('2025-12-01T00:00:00Z');

type Sentences = { [name: string]: string | Sentences };
const sentences: Sentences = JSON.parse(
  readFileSync(new URL('../../../locales/en.json', import.meta.url), 'utf8'),
);

function say(key: string, values: Readonly<Record<string, unknown>> = {}): string {
  const found = key
    .split('.')
    .reduce<string | Sentences | undefined>(
      (here, name) => (typeof here === 'object' ? here[name] : undefined),
      sentences,
    );
  if (typeof found !== 'string') throw new Error(`no sentence for ${key}`);
  return found.replaceAll(/\{\{(\w+)\}\}/g, (_place, name: string) => String(values[name]));
}

const speaker = {
  locale: 'en',
  say,
  moment: (at: Date) => at.toISOString(),
  accountAddress: 'https://auth.example.test/account',
};
const said = (change: Partial<ListedConsent> = {}) => sayReceipt(receiptOf({ ...aroha, ...change }), speaker);

test('a receipt says who, for whom, which application, each line with the answer, when, until when, and how to stop it', () => {
  expect(receiptText(said())).toBe(`What you decided about Kete Health

Who decided: Aroha Ngata
Health record of: Aroha Ngata
Application: Kete Health
Made by: Kete Health Ltd
When: 2025-11-03T09:00:00.000Z
How long: Until 2026-02-01T09:00:00.000Z
Language of the words: English
Version: 3
Number of this decision: ${aroha.id}
Check value of the words: ${aroha.textDigest}

What Kete Health asked for, and your answer
Yes: Know that it is you each time you come back
Yes: See vaccinations in this health record
Yes: Add test results & measurements to this health record
No: See test results and measurements in this health record

You can take this back at any time. Go to https://auth.example.test/account and sign in.
The check value shows that these are the words you read. If one letter were changed, it would be another value.
`);
});

test.each<[string, Partial<ListedConsent>, string]>([
  [
    'taken back',
    { live: false, endedAt: now, endReason: 'withdrawn' },
    'Until 2025-12-01T00:00:00.000Z. Then it was taken back.',
  ],
  [
    'replaced',
    { live: false, endedAt: now, endReason: 'narrowed' },
    'Until 2025-12-01T00:00:00.000Z. Then a newer decision took its place.',
  ],
  ['over', { live: false, expiresAt: now, endReason: 'expired' }, 'It was over on 2025-12-01T00:00:00.000Z'],
])('one that was %s says so', (_state, change, text) => {
  expect(said(change).facts).toContainEqual({ term: 'How long', text });
});

test('a line about everything tells what that was', () => {
  const words = 'See everything';
  const scope = 'patient/*.rs';
  const shown = { ...aroha.shown, lines: [{ scope, words, required: false, kinds: ['vaccinations'] }] };
  const lines = [{ scope, words, required: false, allowed: true }];
  expect(receiptText(said({ shown, lines }))).toContain('Yes: See everything\n    - vaccinations\n');
});

test('one from before words were kept in full says what is known', () => {
  const facts = said({ shown: {}, textDigest: undefined }).facts;
  expect(facts).toContainEqual({ term: 'Application', text: 'kete-web' });
  expect(facts.map(({ term }) => term)).not.toContain('Check value of the words');
});

describe('the digest of what was shown', () => {
  const shown = aroha.shown as Shown;

  test('does not depend on the order of members, as a database may give them back', () => {
    const turned = Object.fromEntries(Object.entries(shown).reverse()) as unknown as Shown;
    expect(textDigest(turned)).toBe(textDigest(shown));
    expect(canonicalJson({ b: [{ d: 1, c: null }], a: 'ā' })).toBe('{"a":"ā","b":[{"c":null,"d":1}]}');
  });

  test.each<[string, Partial<Shown>]>([
    ['a word', { lines: [{ scope: 'openid', words: 'Know you', required: true, kinds: [] }] }],
    ['the language', { language: 'mi' }],
    ['a name', { client: 'Kete' }],
    ['the duration', { until: '2026-02-02T09:00:00.000Z' }],
    ['what was told to hold', { held: ['See vaccinations in this health record'] }],
  ])('is another one for %s', (_what, change) => {
    expect(textDigest({ ...shown, ...change })).not.toBe(textDigest(shown));
  });
});
