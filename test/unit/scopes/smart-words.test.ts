import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scopeWords } from '../../../src/scopes/index.ts';
import { english } from '../../support/english.ts';
import { laboratory, letterSets } from './tables.ts';

const { words } = english;
const say = (text: string) => words(scopeWords('smart', text) ?? { key: 'none', values: {} });

test.each([
  ['openid', 'Know that it is you each time you come back'],
  ['profile', 'Know your name'],
  ['identity', 'Know your birth date, your health number and how your identity was checked'],
  ['practitioner', 'Know where you work in health care, and in which roles'],
  ['fhirUser', 'Know who you are in the health records, by your name'],
  ['launch/patient', 'Know whose health record you choose to open'],
  ['offline_access', 'Keep access when you are not using it'],
  ['online_access', 'Keep access while you are signed in'],
  ['introspect', 'Check whether another application’s access is still allowed'],
  ['patient/Immunization.rs', 'See vaccinations in this health record'],
  ['patient/Immunization.read', 'See vaccinations in this health record'],
  ['patient/Immunization.c', 'Add vaccinations to this health record'],
  ['patient/Immunization.d', 'Remove vaccinations from this health record'],
  ['patient/Immunization.write', 'Add, change or remove vaccinations in this health record'],
  ['patient/Immunization.rd', 'See or remove vaccinations in this health record'],
  ['patient/Basic.crus', 'See, add or change Basic in this health record'],
  [
    'user/Appointment.*',
    'See, add, change or remove appointments wherever you are allowed to, including in other people’s health records',
  ],
  [
    'system/Patient.r',
    'See name, birth date and contact details across the whole service when nobody is signed in',
  ],
])('%s: %s', (text, sentence) => {
  expect(say(text)).toBe(sentence);
});

test.each(letterSets)('the letters %s are all said', (letters) => {
  const sentence = say(`patient/Observation.${letters}`);
  const said = { c: /\badd\b/i, r: /\bsee\b/i, u: /\bchange\b/i, d: /\bremove\b/i, s: /\bsee\b/i };
  for (const [letter, word] of Object.entries(said))
    if (letters.includes(letter)) expect(sentence).toMatch(word);
  if (!/[rs]/.test(letters)) expect(sentence).not.toMatch(said.r);
  if (!letters.includes('d')) expect(sentence).not.toMatch(said.d);
});

test.each(['patient/*.r', 'user/*.read', 'system/*.cruds', 'patient/*.rs?_security=a'])(
  '%s reaches kinds of information that come later, and says so',
  (text) => {
    expect(say(text)).toMatch(/\b(everything|any kind of information) \(even kinds .* added later\)/);
  },
);

const part = ', but only the part that the application has named';

test.each([
  ['Observation.rs?category=x', `See test results and measurements in this health record${part}`],
  [`Observation.rs?category=${laboratory}`, 'See lab test results in this health record'],
  [`Observation.rs?category=${laboratory}&status=final`, `See lab test results in this health record${part}`],
  // A code without its system may be of any.
  ['Observation.rs?category=laboratory', `See test results and measurements in this health record${part}`],
  [
    `Observation.rs?category=${laboratory},x`,
    `See test results and measurements in this health record${part}`,
  ],
  [`Observation.rs?code=${laboratory}`, `See test results and measurements in this health record${part}`],
  [`Condition.rs?category=${laboratory}`, `See illnesses and conditions in this health record${part}`],
])('a restriction is said: %s', (text, sentence) => {
  expect(say(`patient/${text}`)).toBe(sentence);
});

type Group = { readonly [key: string]: string | Group };

function keysOf(group: Group, path: string): string[] {
  return Object.entries(group).flatMap(([key, value]) =>
    typeof value === 'string' ? [`${path}.${key}`] : keysOf(value, `${path}.${key}`),
  );
}

test('each sentence for SMART is the sentence of some scope, and the other way round', () => {
  const english: { scope: { smart: Group } } = JSON.parse(
    readFileSync(new URL('../../../locales/en.json', import.meta.url), 'utf8'),
  );
  const names = [
    'openid',
    'profile',
    'identity',
    'practitioner',
    'fhirUser',
    'launch/patient',
    'offline_access',
    'online_access',
    'introspect',
  ];
  const resources = ['patient', 'user', 'system'].flatMap((context) =>
    letterSets.flatMap((letters) => [`${context}/Flag.${letters}`, `${context}/Flag.${letters}?status=a`]),
  );
  const used = new Set([...names, ...resources].map((text) => scopeWords('smart', text)?.key));
  expect([...used].sort()).toEqual(keysOf(english.scope.smart, 'scope.smart').sort());
});

test('SMART has no words for a scope outside its grammar', () => {
  expect(scopeWords('smart', 'patient/Observation.sr')).toBeUndefined();
  expect(scopeWords('smart', 'launch')).toBeUndefined();
});
