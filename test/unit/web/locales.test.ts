import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (pattern: string): [string, string][] =>
  globSync(pattern, { cwd: root }).map((file) => [file, readFileSync(`${root}${file}`, 'utf8')]);

const views = read('views/**/*.njk');
const code = read('src/**/*.ts');

type Sentences = { [key: string]: string | Sentences };

function flatten(sentences: Sentences, path = ''): Map<string, string> {
  return new Map(
    Object.entries(sentences).flatMap(([key, value]): [string, string][] =>
      typeof value === 'string' ? [[path + key, value]] : [...flatten(value, `${path}${key}.`)],
    ),
  );
}

const sentences = flatten(JSON.parse(readFileSync(`${root}locales/en.json`, 'utf8')));
/** Without the plural forms' endings, as templates name them. */
const keys = new Set([...sentences.keys()].map((key) => key.replace(/_(one|other)$/, '')));

/** Named by what they are about, at run time. `landing.command` is named in the first page's model. */
const namedAtRunTime = /^(scope|resource|landing\.command)\./;

test('every sentence that a template asks for is there', () => {
  const asked = views.flatMap(([file, text]) =>
    [...text.matchAll(/\bt\(\s*(['"])(.+?)\1/g)].map(([, , key]) => `${file}: ${key}`),
  );
  expect(asked.length).toBeGreaterThan(20);
  expect(asked.filter((line) => !keys.has(line.split(': ')[1] ?? ''))).toEqual([]);
});

test('every sentence is asked for by a template or by the code', () => {
  const everything = [...views, ...code].map(([, text]) => text).join('\n');
  const quoted = new Set([...everything.matchAll(/(['"])([\w.]+)\1/g)].map(([, , key]) => key));
  expect([...keys].filter((key) => !quoted.has(key) && !namedAtRunTime.test(key))).toEqual([]);
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
