import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { flatten, keyFaults, localeFaults, type Sentences } from '../../../scripts/house/sentences.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (pattern: string): [string, string][] =>
  globSync(pattern, { cwd: root }).map((file) => [file, readFileSync(`${root}${file}`, 'utf8')]);

const views = read('views/**/*.njk');
const code = read('src/**/*.ts');

const locales = read('locales/*.json').map(
  ([file, text]) => [file.replace(/^.*[/\\]|\.json$/g, ''), JSON.parse(text) as Sentences] as const,
);
const english = locales.find(([tag]) => tag === 'en')?.[1] ?? {};
const sentences = flatten(english);

test('every sentence that is asked for is there, and every one that is there is asked for', () => {
  expect(sentences.size).toBeGreaterThan(100);
  expect(keyFaults(english, new Map(views), new Map(code))).toEqual([]);
});

test('every language has the sentences of English, with the same places for values', () => {
  expect(locales.flatMap(([tag, own]) => localeFaults(tag, own, english))).toEqual([]);
});

test('templates hold no words of their own', () => {
  for (const [file, text] of views) {
    const bare = text.replaceAll(/\{#[\s\S]*?#\}|\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g, '');
    const words = bare.replaceAll(/<[^>]*>/g, '').match(/\p{L}+/gu);
    expect(words, file).toBeNull();
    expect(bare.match(/\b(alt|aria-label|placeholder|title)="[^"]*\p{L}/u), file).toBeNull();
  }
});

test('sentences are plain text in the typography of the rest', () => {
  for (const [key, sentence] of sentences) {
    expect(sentence, key).not.toMatch(/[<>"']|\s$|^\s| {2}|\.\.\./);
    expect(sentence, key).not.toBe('');
  }
});
