import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ConsentLine,
  type QuestionLine,
  questionLines,
  readAnswer,
  scopesOf,
  undecided,
} from '../../../src/consents/index.ts';
import { narrows } from '../../../src/consents/lines.ts';
import { covers, overlaps } from '../../../src/scopes/index.ts';

const required = ['openid', 'fhirUser', 'launch/patient'];
const extras = ['profile', 'offline_access', 'online_access'];
const parts = [
  'patient/Patient.rs',
  'patient/Immunization.rs',
  'patient/Condition.c',
  'user/Practitioner.rs',
];

const scopes = fc.subarray([...required, ...extras, ...parts], { minLength: 1 });
const words = (scope: string) => `words of ${scope}`;
const tell = { words, kinds: () => [], writes: () => false };
const reach = {
  covers: (allowed: string, requested: string) => covers('smart', allowed, requested),
  overlaps: (one: string, other: string) => overlaps('smart', one, other),
};
const ask = (asked: readonly string[], before?: readonly ConsentLine[]): QuestionLine[] =>
  questionLines(asked, { tell, reach, before });

/** A question, and what somebody sends for an answer: some of it, some twice, some never shown. */
const answered = scopes.chain((asked) =>
  fc.record({
    asked: fc.constant(asked),
    ticked: fc.array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...asked) }, fc.string()), {
      maxLength: 12,
    }),
  }),
);

const lines = scopes.chain((asked) =>
  fc.array(fc.boolean(), { minLength: asked.length, maxLength: asked.length }).map((choices) =>
    asked.map(
      (scope, n): ConsentLine => ({
        scope,
        words: words(scope),
        required: required.includes(scope),
        allowed: choices[n] ?? false,
      }),
    ),
  ),
);

describe('questionLines', () => {
  test('one line for each scope, with its words; what must be is marked, all is ticked', () => {
    expect(ask(['openid', 'patient/Patient.rs'])).toMatchObject([
      { scope: 'openid', words: 'words of openid', required: true, checked: true },
      { scope: 'patient/Patient.rs', words: 'words of patient/Patient.rs', required: false, checked: true },
    ]);
  });

  test('asks about every scope once, and opens each line as it was left', () => {
    fc.assert(
      fc.property(scopes, lines, (asked, before) => {
        const question = ask(asked, before);
        expect(question.map(({ scope }) => scope).sort()).toEqual([...asked].sort());
        for (const { scope, checked } of question)
          expect(checked).toBe(before.find((line) => line.scope === scope)?.allowed ?? true);
      }),
    );
  });
});

describe('readAnswer', () => {
  test('allows nothing that was not shown and ticked, and refuses nothing that must be', () => {
    fc.assert(
      fc.property(answered, ({ asked, ticked }) => {
        const answer = readAnswer(ask(asked), ticked, reach);
        if ('fault' in answer) return;
        expect(answer.lines.map(({ scope }) => scope).sort()).toEqual([...asked].sort());
        for (const { scope, allowed, required: needed, words: shown } of answer.lines) {
          expect(allowed).toBe(ticked.includes(scope));
          expect(needed && !allowed).toBe(false);
          expect(shown).toBe(words(scope));
        }
        expect(ticked.filter((scope) => !asked.includes(scope))).toEqual([]);
      }),
    );
  });

  test('takes every answer that the page itself can send, and tells where no part was ticked', () => {
    fc.assert(
      fc.property(
        scopes.chain((asked) =>
          fc.tuple(fc.constant(asked), fc.subarray(asked.filter((scope) => !required.includes(scope)))),
        ),
        ([asked, chosen]) => {
          const ticked = [...asked.filter((scope) => required.includes(scope)), ...chosen];
          const answer = readAnswer(ask(asked), ticked, reach);
          const wanted = asked.filter((scope) => parts.includes(scope));
          const nothing = wanted.length > 0 && !chosen.some((scope) => parts.includes(scope));
          expect('fault' in answer ? answer.fault : undefined).toBe(nothing ? 'nothing-chosen' : undefined);
        },
      ),
    );
  });

  const question = ask(['openid', 'patient/Patient.rs', 'offline_access']);

  test.for<[string, string[], string]>([
    ['a required line left out', ['patient/Patient.rs'], 'changed'],
    ['a line that was not shown', ['openid', 'patient/Patient.rs', 'patient/*.rs'], 'changed'],
    ['a line twice', ['openid', 'patient/Patient.rs', 'patient/Patient.rs'], 'changed'],
    ['a required line twice', ['openid', 'openid', 'patient/Patient.rs'], 'changed'],
    ['another case', ['openid', 'patient/patient.rs'], 'changed'],
    ['an empty line', ['openid', 'patient/Patient.rs', ''], 'changed'],
    ['a name of Object', ['openid', 'patient/Patient.rs', 'constructor'], 'changed'],
    ['nothing', [], 'changed'],
    ['no part of the record', ['openid', 'offline_access'], 'nothing-chosen'],
  ])('%s', ([, ticked, fault]) => {
    expect(readAnswer(question, ticked, reach)).toEqual({ fault });
  });

  test('who is only asked who she is may leave everything that is optional unticked', () => {
    const answer = readAnswer(ask(['openid', 'profile']), ['openid'], reach);
    expect(answer).toMatchObject({ lines: [{ allowed: true }, { scope: 'profile', allowed: false }] });
  });
});

describe('what a decision means for the next one', () => {
  test('undecided: what no line names, and no line that was allowed covers', () => {
    fc.assert(
      fc.property(lines, scopes, (before, asked) => {
        const known = new Set(before.map(({ scope }) => scope));
        expect(undecided(before, asked, reach)).toEqual(asked.filter((scope) => !known.has(scope)));
      }),
    );
    expect(undecided([], [], reach)).toEqual([]);
    const all = { scope: 'patient/*.rs', words: '', required: false };
    const asked = ['patient/Patient.rs', 'patient/Patient.read', 'patient/Patient.c'];
    expect(undecided([{ ...all, allowed: true }], asked, reach)).toEqual(['patient/Patient.c']);
    expect(undecided([{ ...all, allowed: false }], asked, reach)).toEqual(asked);
  });

  test('scopesOf: every line is in one of the two lists', () => {
    fc.assert(
      fc.property(lines, (all) => {
        expect([...scopesOf(all, true), ...scopesOf(all, false)].sort()).toEqual(
          all.map(({ scope }) => scope).sort(),
        );
      }),
    );
  });

  test('narrows: something that was allowed is allowed no more', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const still = scopesOf(after, true);
        expect(narrows(before, after)).toBe(scopesOf(before, true).some((scope) => !still.includes(scope)));
        expect(narrows(before, before)).toBe(false);
        expect(
          narrows(
            before,
            before.map((line) => ({ ...line, allowed: true })),
          ),
        ).toBe(false);
      }),
    );
  });
});
