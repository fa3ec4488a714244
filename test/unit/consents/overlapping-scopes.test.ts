import { describe, expect, test } from 'vitest';
import {
  type ConsentLine,
  type QuestionLine,
  questionLines,
  readAnswer,
  withCovered,
} from '../../../src/consents/index.ts';
import { covers as coversIn } from '../../../src/scopes/index.ts';

const words = (scope: string) => `words of ${scope}`;
const covers = (allowed: string, requested: string) => coversIn('smart', allowed, requested);
const ask = (asked: readonly string[], before?: readonly ConsentLine[]): QuestionLine[] =>
  questionLines(asked, { words, covers, before });

describe('scopes that reach into one another', () => {
  test('what another scope of the request covers is no line of its own, in whatever order they stand', () => {
    for (const asked of [
      ['patient/*.rs', 'patient/Patient.rs'],
      ['patient/Patient.rs', 'patient/*.rs'],
    ]) {
      expect(ask(asked).map(({ scope }) => scope)).toEqual(['patient/*.rs']);
    }
  });

  test.for([
    ['what was refused', 'patient/Patient.rs', 'patient/Patient.rs'],
    ['what reaches what was refused', 'patient/Patient.rs', 'patient/*.rs'],
    ['a part of what was refused', 'patient/*.rs', 'patient/Patient.rs'],
    ['more of what was refused', 'patient/Patient.r', 'patient/Patient.rs'],
  ] as const)('%s opens unticked', ([, refused, asked]) => {
    const before = [{ scope: refused, words: '', required: false, allowed: false }];
    expect(ask([asked], before)).toMatchObject([{ checked: false }]);
    expect(ask(['patient/Immunization.c'], before.slice(1))).toMatchObject([{ checked: true }]);
  });

  test('withCovered: the rest of a request goes with what covers it, and nothing else is allowed', () => {
    const asked = ['openid', 'patient/*.rs', 'patient/Patient.rs', 'patient/Observation.c'];
    for (const chosen of [
      ['openid', 'patient/*.rs'],
      ['openid', 'patient/Observation.c'],
    ]) {
      const answer = readAnswer(ask(asked), chosen);
      if ('fault' in answer) throw new Error(answer.fault);
      const lines = withCovered(answer.lines, asked, { words, covers });
      expect(lines.map(({ scope }) => scope).sort()).toEqual([...asked].sort());
      for (const { scope, allowed } of lines)
        expect(allowed).toBe(chosen.some((one) => one === scope || covers(one, scope)));
    }
  });
});
