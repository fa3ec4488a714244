import { describe, expect, test } from 'vitest';
import { apiSchema, asApi } from '../../../src/catalogue/index.ts';

const fhir = {
  id: 'kowhai-fhir',
  audience: 'https://fhir.kowhai.example.test/R4',
  profile: 'smart',
  scopes: 'openid launch/patient patient/*.rs patient/Observation.rs?category=laboratory system/Patient.r',
};

describe('an API of the profile smart', () => {
  test.each<[what: string, change: object, tokenFormat: string, tokenLifetime: number]>([
    ['what holds without a word', {}, 'opaque', 600],
    ['opaque', { token_format: 'opaque' }, 'opaque', 600],
    ['opaque and short', { token_lifetime: 60 }, 'opaque', 60],
    ['JWT', { token_format: 'jwt' }, 'jwt', 300],
    ['JWT and short', { token_format: 'jwt', token_lifetime: 60 }, 'jwt', 60],
  ])('%s', (_what, change, tokenFormat, tokenLifetime) => {
    const api = asApi(apiSchema.parse({ ...fhir, ...change }));
    expect(api).toMatchObject({
      profile: 'smart',
      tokenFormat,
      tokenLifetime,
      scopes: fhir.scopes.split(' '),
    });
  });

  test.each<[what: string, change: object, path: string, message: string]>([
    [
      'a scope outside the grammar',
      { scopes: 'patient/Patient.r patient/Observation.sr' },
      'scopes',
      'must not have patient/Observation.sr, which is no scope of this profile',
    ],
    [
      'an operation',
      { scopes: 'https://fhir.kowhai.example.test/OperationDefinition/Patient-everything' },
      'scopes',
      'which is no scope of this profile',
    ],
    ['opaque for too long', { token_lifetime: 601 }, 'token_lifetime', 'must be at most 600 for this format'],
    [
      'a JWT for too long',
      { token_format: 'jwt', token_lifetime: 301 },
      'token_lifetime',
      'must be at most 300 for this format',
    ],
    ['a level that is none', { required_acr: 4 }, 'required_acr', 'must be 0 to 3'],
    ['an unknown format', { token_format: 'saml' }, 'token_format', 'must be jwt or opaque'],
    ['an unknown profile', { profile: 'fast' }, 'profile', 'must be spine-core, gp-connect, smart or none'],
  ])('refuses %s', (_what, change, path, message) => {
    const issues = apiSchema.safeParse({ ...fhir, ...change }).error?.issues ?? [];
    expect(issues).toContainEqual(
      expect.objectContaining({ path: [path], message: expect.stringContaining(message) }),
    );
  });
});

describe('the assurance that an API asks for', () => {
  test('is nothing, without a word', () => {
    expect(asApi(apiSchema.parse(fhir)).assurance).toEqual({});
  });

  test('is kept as it was written', () => {
    const assurance = { types: { Condition: 3, Observation: 2 }, delegate: 3 };
    expect(asApi(apiSchema.parse({ ...fhir, assurance })).assurance).toEqual(assurance);
  });

  test.each<[what: string, assurance: object]>([
    ['a level that everybody has', { types: { Condition: 0 } }],
    ['a level that nobody has', { delegate: 4 }],
    ['half a level', { types: { Condition: 2.5 } }],
    ['what is no resource type', { types: { 'Condition.rs': 3 } }],
    ['a name that says nothing', { everybody: 3 }],
  ])('refuses %s', (_what, assurance) => {
    expect(apiSchema.safeParse({ ...fhir, assurance }).success).toBe(false);
  });
});

describe('the other profiles keep what they had', () => {
  test.each<[profile: string, scopes: string]>([
    ['spine-core', 'user/Flag.read'],
    ['gp-connect', 'patient/*.read'],
    ['none', 'admin.read'],
  ])('%s: JWT for 300 s', (profile, scopes) => {
    const api = asApi(apiSchema.parse({ ...fhir, profile, scopes }));
    expect(api).toMatchObject({ tokenFormat: 'jwt', tokenLifetime: 300 });
  });

  test('none may be opaque, for 300 s unless it says 600', () => {
    const plain = { ...fhir, profile: 'none', scopes: 'admin.read', token_format: 'opaque' };
    expect(asApi(apiSchema.parse(plain)).tokenLifetime).toBe(300);
    expect(asApi(apiSchema.parse({ ...plain, token_lifetime: 600 })).tokenLifetime).toBe(600);
  });

  test.each<[profile: string, scopes: string]>([
    ['spine-core', 'user/Flag.read'],
    ['gp-connect', 'patient/*.read'],
  ])('%s is never opaque and never of another lifetime', (profile, scopes) => {
    for (const change of [{ token_format: 'opaque' }, { token_lifetime: 60 }]) {
      const issues = apiSchema.safeParse({ ...fhir, profile, scopes, ...change }).error?.issues ?? [];
      expect(issues.map(({ message }) => message)).toEqual([
        'must be jwt with a token_lifetime of 300 for this profile',
      ]);
    }
  });
});

test.each([
  'https://spine.example.test/raflags?version=1',
  'https://user@spine.example.test/raflags',
  'urn:example:raflags',
])('a Spine profile does not take the audience %s, which none of its tokens could name', (audience) => {
  const issuesOf = (profile: string, scopes: string) =>
    (apiSchema.safeParse({ ...fhir, audience, profile, scopes }).error?.issues ?? []).map((one) => one.path);
  expect(issuesOf('spine-core', 'user/Flag.read')).toEqual([['audience']]);
  expect(issuesOf('gp-connect', 'patient/*.read')).toEqual([['audience']]);
  expect(issuesOf('none', 'admin.read')).toEqual([]);
});
