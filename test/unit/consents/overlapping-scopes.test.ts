import { describe, expect, test } from 'vitest';
import {
  type ConsentLine,
  type QuestionLine,
  questionLines,
  readAnswer,
  withCovered,
} from '../../../src/consents/index.ts';
import { merged } from '../../../src/consents/lines.ts';
import { covers as coversIn, overlaps } from '../../../src/scopes/index.ts';

const words = (scope: string) => `words of ${scope}`;
const tell = { words, kinds: () => [], writes: () => false };
const covers = (allowed: string, requested: string) => coversIn('smart', allowed, requested);
const reach = { covers, overlaps: (one: string, other: string) => overlaps('smart', one, other) };
const ask = (asked: readonly string[], before?: readonly ConsentLine[]): QuestionLine[] =>
  questionLines(asked, { tell, reach, before });

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
    ['something in common with what was refused', 'patient/Patient.rs', 'patient/*.r'],
  ] as const)('%s opens unticked', ([, refused, asked]) => {
    const before = [{ scope: refused, words: '', required: false, allowed: false }];
    expect(ask([asked], before)).toMatchObject([{ checked: false }]);
    expect(ask(['patient/Immunization.c'], before.slice(1))).toMatchObject([{ checked: true }]);
  });

  test('a line that has something in common with one left out is not allowed either', () => {
    const asked = ['patient/*.r', 'patient/Immunization.rs', 'patient/Observation.s'];
    const answer = readAnswer(ask(asked), ['patient/*.r', 'patient/Observation.s'], reach);
    expect(answer).toMatchObject({ lines: [{ allowed: false }, { allowed: false }, { allowed: true }] });
  });

  const line = (scope: string, allowed: boolean): ConsentLine => ({
    scope,
    words: '',
    required: false,
    allowed,
  });

  test.for([
    ['the whole that was refused takes its part along', 'patient/Patient.r', 'patient/Patient.rs'],
    ['the part that was refused takes the whole along', 'patient/*.rs', 'patient/Patient.rs'],
    ['what was refused takes along what has something in common', 'patient/*.r', 'patient/Patient.rs'],
  ] as const)('merged: %s', ([, allowed, refused]) => {
    const others = line('patient/Appointment.s', true);
    expect(merged([line(allowed, true), others], [line(refused, false)], reach)).toEqual([
      line(refused, false),
      others,
    ]);
  });

  test('withCovered: the rest of a request goes with what covers it, and nothing else is allowed', () => {
    const asked = ['openid', 'patient/*.rs', 'patient/Patient.rs', 'patient/Observation.c'];
    for (const chosen of [
      ['openid', 'patient/*.rs'],
      ['openid', 'patient/Observation.c'],
    ]) {
      const answer = readAnswer(ask(asked), chosen, reach);
      if ('fault' in answer) throw new Error(answer.fault);
      const lines = withCovered(answer.lines, asked, reach);
      expect(lines.map(({ scope }) => scope).sort()).toEqual([...asked].sort());
      for (const { scope, allowed } of lines)
        expect(allowed).toBe(chosen.some((one) => one === scope || covers(one, scope)));
    }
  });
});
