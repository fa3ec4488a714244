import { describe, expect, test } from 'vitest';
import type { Asking } from '../../../src/web/languages.ts';
import { acceptedLanguages, createLanguages, matchLanguage } from '../../../src/web/languages.ts';

const languages = createLanguages({ issuer: 'http://localhost', tags: ['en', 'mi', 'zh-Hant'] });

/** A request with an address and headers; nothing else of it counts. */
const asking = (url = '/', headers: Record<string, string> = {}) =>
  ({ req: { url, headers } }) as unknown as Asking;

describe('the language of a request', () => {
  test.each([
    ['nothing said', asking(), 'en'],
    ['the browser’s', asking('/', { 'accept-language': 'mi, en;q=0.8' }), 'mi'],
    ['by quality, not by order', asking('/', { 'accept-language': 'en;q=0.5, mi;q=0.9' }), 'mi'],
    ['only ones that we do not have', asking('/', { 'accept-language': 'fr, de;q=0.5' }), 'en'],
    [
      'a choice before the browser’s',
      asking('/', { cookie: 'a=b; assent_language=mi', 'accept-language': 'en' }),
      'mi',
    ],
    ['a choice that is gone', asking('/', { cookie: 'assent_language=xx', 'accept-language': 'mi' }), 'mi'],
    ['what the application asks', asking('/auth?ui_locales=mi+en', { cookie: 'assent_language=en' }), 'mi'],
    ['the first of those that there is', asking('/auth?client_id=a&ui_locales=fr%20mi-NZ%20en'), 'mi'],
    ['nothing that we have', asking('/auth?ui_locales=fr', { cookie: 'assent_language=mi' }), 'mi'],
    ['nonsense', asking('/auth?ui_locales=%F0%80&ui_locales=mi', { 'accept-language': ';;q=,*' }), 'en'],
  ])('%s', (_name, given, expected) => {
    expect(languages.of(given)).toBe(expected);
  });

  test('what an interaction was asked for goes before the address, and holds for that request alone', () => {
    const given = asking('/interaction/abc', { cookie: 'assent_language=en' });
    languages.asked(given, 'fr mi');
    expect(languages.of(given)).toBe('mi');
    expect(languages.of(asking('/interaction/abc', { cookie: 'assent_language=en' }))).toBe('en');
    for (const nothing of [undefined, 7, '', 'fr']) languages.asked(given, nothing);
    expect(languages.of(given)).toBe('mi');
  });
});

test.each([
  [['zh-Hant-TW'], 'zh-Hant'],
  [['zh-hant'], 'zh-Hant'],
  [['zh'], undefined],
  [['fr', 'en-NZ'], 'en'],
  [['*'], undefined],
  [[], undefined],
])('%j leads to %s by leaving parts off the end (RFC 4647 section 3.4)', (wanted, expected) => {
  expect(matchLanguage(languages.tags, wanted)).toBe(expected);
});

test('a language with quality 0 is not wanted', () => {
  expect(acceptedLanguages('mi;q=0, en ; q=0.3, fr')).toEqual(['fr', 'en']);
});
