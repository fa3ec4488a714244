import { describe, expect, test } from 'vitest';
import { birthDate, healthIdentifier } from '../../../src/accounts/identity.ts';
import { namingSystems } from '../../../src/tokens/index.ts';

const { nhsNumber, nhi, sdsUser } = namingSystems;
const faultOf = (system: string, value: string) =>
  healthIdentifier.safeParse({ system, value }).error?.issues[0]?.message;

describe('a health identifier', () => {
  test.for([
    [nhsNumber, '9990001014', '9990001014'],
    [nhsNumber, '999 000 1014', '9990001014'],
    [nhi, 'ZZZ1012', 'ZZZ1012'],
    [nhi, 'zzz1012', 'ZZZ1012'],
    [nhi, 'ZZZ00AC', 'ZZZ00AC'],
  ] as const)('of %s as %s is kept as %s', ([system, typed, kept]) => {
    expect(healthIdentifier.parse({ system, value: typed })).toEqual({ system, value: kept });
  });

  test.for([
    [nhsNumber, '9990001015', /no NHS number/],
    [nhsNumber, '', /no NHS number/],
    [nhi, 'ZZZ1013', /no NHI/],
    [nhi, 'ZZZ00AD', /no NHI/],
    [sdsUser, '100000000101', /one of these systems/],
    ['constructor', 'x', /one of these systems/],
  ] as const)('of %s is not %j', ([system, value, fault]) => {
    expect(faultOf(system, value)).toMatch(fault);
  });
});

describe('a birth date', () => {
  test.for(['1990-02-28', '1992-02-29', '1990-12', '1990'])('is %s', (text) => {
    expect(birthDate.parse(text)).toBe(text);
  });

  test.for(['1990-02-30', '1991-02-29', '1990-13', '0990', '1879-12-31', '90-01-01', '1990-1-1', ''])(
    'is not %j',
    (text) => {
      expect(birthDate.safeParse(text).success).toBe(false);
    },
  );
});
