import { describe, expect, test } from 'vitest';
import { type ErrorCode, errorCodes } from '../../src/error-codes.ts';
import {
  AssentError,
  DatabaseUnavailable,
  hasCode,
  isUnavailable,
  Overloaded,
  Refused,
} from '../../src/errors.ts';

const codes = Object.keys(errorCodes) as ErrorCode[];

describe('a code', () => {
  test('has a form that stays, a status, a meaning and a remedy, which fit into a row of a table', () => {
    for (const code of codes) {
      const { status, meaning, remedy } = errorCodes[code];
      expect(code).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
      expect([400, 500, 502, 503]).toContain(status);
      for (const text of [meaning, remedy]) expect(text).toMatch(/^[^|\n]{10,}$/);
    }
  });

  test.each(codes)('%s gives its error the status', (code) => {
    expect(new AssentError(code, 'x')).toMatchObject({ code, statusCode: errorCodes[code].status });
  });

  test('is one of those in the table, or the program is not compiled', () => {
    // @ts-expect-error: a slip of the pen
    expect(hasCode(new Error('x'), 'redis_unavailabel')).toBe(false);
    // @ts-expect-error: it has no status either
    expect(() => new AssentError('databse_unavailable', 'x')).toThrow(TypeError);
  });
});

describe('a fault', () => {
  const lost = new AssentError('redis_unavailable', 'x');
  const foreign = Object.assign(new Error('x'), { code: 'redis_unavailable', statusCode: 503 });

  test('has a code only if it is ours', () => {
    expect(hasCode(lost, 'redis_unavailable')).toBe(true);
    expect(hasCode(lost, 'database_unavailable')).toBe(false);
    expect([foreign, undefined, 'redis_unavailable'].map((one) => hasCode(one, 'redis_unavailable'))).toEqual(
      [false, false, false],
    );
  });

  test.each([
    ['a lost database', new DatabaseUnavailable(new Error('x')), true],
    ['a lost session store', lost, true],
    ['too much work', new Overloaded('x'), true],
    ['a refused configuration', new Refused('x', []), false],
    ['a target that is not public', new AssentError('address_refused', 'x'), false],
    ['an error of somebody else', foreign, false],
    ['nothing', undefined, false],
  ])('%s: trying again may help: %s', (_, fault, expected) => {
    expect(isUnavailable(fault)).toBe(expected);
  });
});
