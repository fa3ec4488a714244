import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Api, notOffered, scopeFamily, type TokenProfile } from '../../../src/catalogue/index.ts';
import { uncovered } from '../../../src/scopes/index.ts';

const tokens = (value: string) => value.split(' ').filter((text) => text !== '');
const smart = (scopes: string): Pick<Api, 'profile' | 'scopes'> => ({
  profile: 'smart',
  scopes: tokens(scopes),
});

describe('what a SMART API does not offer', () => {
  test.each<[what: string, listed: string, requested: string, missing: string]>([
    ['only * stands for every type', 'patient/*.rs', 'patient/Basic.rs patient/*.r', ''],
    ['single types are all there is', 'patient/Observation.rs', 'patient/Basic.rs', 'patient/Basic.rs'],
    ['single types are not *', 'patient/Observation.rs', 'patient/*.rs', 'patient/*.rs'],
    [
      'single types beside *: both, and no other type',
      'patient/*.rs patient/Observation.rs',
      'patient/*.rs patient/Observation.rs patient/Basic.rs',
      'patient/Basic.rs',
    ],
    ['a type of another context does not count', 'patient/*.rs user/Observation.rs', 'patient/Basic.r', ''],
    [
      'nor does its being listed there',
      'patient/*.rs patient/Observation.rs user/Basic.rs',
      'patient/Basic.r',
      'patient/Basic.r',
    ],
    [
      'a listed type has the permissions of * as well',
      'patient/*.rs patient/Observation.c',
      'patient/Observation.crs',
      '',
    ],
    ['permissions beyond the list', 'patient/*.rs', 'patient/Basic.u', 'patient/Basic.u'],
    ['a restricted scope', 'patient/Observation.rs', 'patient/Observation.rs?category=a', ''],
    [
      'less restricted than the list',
      'patient/Observation.rs?category=a',
      'patient/Observation.rs',
      'patient/Observation.rs',
    ],
    ['the older form', 'patient/Observation.rs', 'patient/Observation.read', ''],
    ['a name', 'openid patient/Patient.r', 'openid launch/patient', 'launch/patient'],
    ['outside the grammar', 'patient/*.cruds', 'patient/Patient.sr nonsense', 'patient/Patient.sr nonsense'],
    [
      'in the order of the request',
      'patient/Aa.r patient/Bb.r',
      'x patient/Bb.r patient/Cc.r',
      'x patient/Cc.r',
    ],
  ])('%s', (_what, listed, requested, missing) => {
    expect(notOffered(smart(listed), tokens(requested))).toEqual(tokens(missing));
  });
});

const spine: Pick<Api, 'profile' | 'scopes'> = {
  profile: 'spine-core',
  scopes: ['user/*.read', 'user/Flag.read'],
};

test('in the Spine family * offers every type, whatever stands beside it', () => {
  expect(notOffered(spine, ['user/List.read', 'user/List.write'])).toEqual(['user/List.write']);
});

test.each<TokenProfile>(['spine-core', 'gp-connect', 'none'])(
  '%s offers what its scopes cover',
  (profile) => {
    const text = fc.constantFrom(
      ...['patient/*.read', 'patient/Flag.read', 'user/*.read', 'user/Flag.read', 'user/Flag.write'],
      ...['conf/N', 'openid', 'admin.read', 'nonsense!'],
    );
    fc.assert(
      fc.property(fc.array(text), fc.array(text), (scopes, requested) => {
        const expected = uncovered(scopeFamily({ profile }), scopes, requested);
        expect(notOffered({ profile, scopes }, requested)).toEqual(expected);
      }),
    );
  },
);
