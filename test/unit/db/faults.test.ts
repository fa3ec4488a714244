import { describe, expect, test } from 'vitest';
import { isConnectionFault, isTransient, translate } from '../../../src/db/faults.ts';

const withCode = (code: string) => Object.assign(new Error('as the driver says it'), { code });

describe('a fault that passes', () => {
  test.for([
    ...[
      'ECONNREFUSED',
      'ECONNRESET',
      'ECONNABORTED',
      'EPIPE',
      'ETIMEDOUT',
      'ENOTFOUND',
      'EAI_AGAIN',
      'ENOENT',
    ],
    ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL'],
  ])('%s: the connection failed, and the caller is told to come again', (code) => {
    expect(isConnectionFault(withCode(code))).toBe(true);
    expect(translate(withCode(code))).toMatchObject({ statusCode: 503 });
  });

  test.for([
    ...['08006', '40001', '40P01', '53100', '53300', '57P01', '57014', '58030', '55P03', '25006'],
    ...['25P03', '25P04'],
  ])('SQLSTATE %s: the same may succeed later', (code) => {
    expect(isTransient(withCode(code))).toBe(true);
    expect(translate(withCode(code))).toMatchObject({ statusCode: 503 });
  });

  // A name with two addresses: the fault has that of the first that was tried.
  test('several addresses that none can be reached', () => {
    const fault = Object.assign(new AggregateError([withCode('EHOSTUNREACH')]), { code: 'EHOSTUNREACH' });
    expect(translate(fault)).toMatchObject({ statusCode: 503 });
  });
});

test.for(['23505', '23503', '42P01', '22P02', '25P02'])('SQLSTATE %s stays what it is', (code) => {
  const fault = withCode(code);
  expect(isTransient(fault)).toBe(false);
  expect(translate(fault)).toBe(fault);
});
