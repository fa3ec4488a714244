import { describe, expect, test } from 'vitest';
import { apiSchema, asApi } from '../../../src/catalogue/index.ts';
import type { Client } from '../../../src/clients/index.ts';
import { admitPerson, needsPatient, stillHeld } from '../../../src/oidc/person-admission.ts';

/** What an application may ask a person for, and what is left of it later. */

const api = asApi(
  apiSchema.parse({
    id: 'kowhai-fhir',
    audience: 'https://fhir.kowhai.example.test/R4',
    profile: 'smart',
    scopes:
      'openid fhirUser launch/patient offline_access online_access patient/*.rs user/Patient.rs system/*.rs introspect',
  }),
);

const spineApi = asApi(
  apiSchema.parse({
    id: 'kowhai-flags',
    audience: 'https://flags.kowhai.example.test/STU3',
    profile: 'spine-core',
    scopes: 'user/Flag.read',
  }),
);

const make = (change: Partial<Client>): Client => ({
  clientId: 'diary',
  metadata: { grant_types: ['authorization_code', 'refresh_token'] },
  organization: undefined,
  asid: undefined,
  device: undefined,
  secrets: [],
  apis: {
    'kowhai-fhir': [
      'openid',
      'launch/patient',
      'offline_access',
      'online_access',
      'patient/*.rs',
      'system/*.rs',
      'introspect',
    ],
  },
  ...change,
});

const diary = make({});

const ask = (scope: unknown, change: Partial<Parameters<typeof admitPerson>[0]> = {}) =>
  admitPerson({ client: diary, api, scope, state: 'a-state', ...change });

describe('at a SMART API an application may ask for', () => {
  test.for([
    'openid launch/patient patient/Patient.rs',
    'patient/*.rs',
    'patient/Patient.read patient/Observation.r',
    'patient/Observation.rs?category=laboratory',
    'openid offline_access',
    'online_access patient/Patient.s',
    'openid',
  ])('%s', (scope) => {
    expect(ask(scope)).toEqual({ scopes: scope.split(' ') });
  });

  test('the same twice, and it is taken once', () => {
    expect(ask('openid patient/Patient.rs openid')).toEqual({ scopes: ['openid', 'patient/Patient.rs'] });
  });
});

describe('at a SMART API an application may not ask for', () => {
  test.for<[unknown, string]>([
    [undefined, 'scope is required'],
    ['', 'scope is required'],
    [' ', 'scope is malformed'],
    ['openid  patient/Patient.rs', 'scope is malformed'],
    ['x'.repeat(4001), 'scope is malformed'],
    [['openid', 'openid'], 'scope is malformed'],
    [42, 'scope is malformed'],
    ['everything', 'everything is not a scope of this resource'],
    ['patient/Patient.sr', 'patient/Patient.sr is not a scope of this resource'],
    ['patient/Patient.u', 'patient/Patient.u is not a scope of this resource'],
    ['user/Basic.r', 'user/Basic.r is not a scope of this resource'],
    ['user/Patient.r', 'the client may not have user/Patient.r'],
    ['system/Patient.rs', 'system/Patient.rs is for systems without a person'],
    ['introspect', 'introspect is for systems without a person'],
    ['patient/Patient.rs system/Patient.rs', 'system/Patient.rs is for systems without a person'],
    ['fhirUser patient/Patient.rs', 'the client may not have fhirUser'],
    ['profile', 'the client may not have profile'],
    ['offline_access online_access', 'offline_access and online_access exclude each other'],
  ])('%j', ([scope, description]) => {
    expect(ask(scope)).toEqual({ error: 'invalid_scope', description });
  });

  test.for(['offline_access', 'online_access'])('%s without the grant type refresh_token', (word) => {
    const client = make({ metadata: { grant_types: ['authorization_code'] } });
    expect(ask(`openid ${word}`, { client })).toEqual({
      error: 'invalid_scope',
      description: `${word} needs the grant type refresh_token, which the client does not have`,
    });
    expect(ask(`openid ${word}`, { client: make({ metadata: {} }) })).toMatchObject({
      error: 'invalid_scope',
    });
  });
});

describe('refused is', () => {
  test('an API that the client was not given', () => {
    expect(ask('openid', { client: make({ apis: {} }) })).toMatchObject({ error: 'invalid_target' });
    expect(ask('openid', { client: make({ apis: { constructor: ['openid'] } }) })).toMatchObject({
      error: 'invalid_target',
    });
  });

  test('an API whose tokens name a role, given or not', () => {
    const client = make({ apis: { 'kowhai-flags': ['user/Flag.read'] } });
    expect(ask('user/Flag.read', { client, api: spineApi })).toMatchObject({ error: 'unauthorized_client' });
    expect(ask('user/Flag.read', { api: spineApi })).toMatchObject({ error: 'unauthorized_client' });
  });

  test.for<[unknown]>([[undefined], [''], [['a', 'b']]])('the state %j', ([state]) => {
    expect(ask('openid patient/Patient.rs', { state })).toEqual({
      error: 'invalid_request',
      description: 'state is required',
    });
  });
});

describe('without an API', () => {
  const alone = { api: undefined, state: undefined, client: make({ apis: {} }) };

  test.for(['openid', 'openid profile', 'openid offline_access'])('%s is taken, without a state', (scope) => {
    expect(ask(scope, alone)).toEqual({ scopes: scope.split(' ') });
  });

  test.for([
    ['profile', 'openid is required where no resource is named'],
    ['openid patient/Patient.rs', 'patient/Patient.rs is a scope of no resource that was named'],
    ['openid everything', 'everything is a scope of no resource that was named'],
  ] as const)('%s is refused: %s', ([scope, description]) => {
    expect(ask(scope, alone)).toEqual({ error: 'invalid_scope', description });
  });

  test('a client has the identity scopes that it named, and all when it named none', () => {
    const named = make({ apis: {}, metadata: { scope: 'openid', grant_types: [] } });
    expect(ask('openid', { ...alone, client: named })).toEqual({ scopes: ['openid'] });
    expect(ask('openid profile', { ...alone, client: named })).toMatchObject({ error: 'invalid_scope' });
    expect(ask('openid fhirUser profile', alone)).toEqual({ scopes: ['openid', 'fhirUser', 'profile'] });
  });
});

test('a client has the identity scopes that it named, beside those of its API', () => {
  const client = make({ metadata: { scope: 'profile', grant_types: ['refresh_token'] } });
  expect(ask('openid profile patient/Patient.rs', { client })).toMatchObject({ scopes: expect.any(Array) });
  expect(ask('openid fhirUser', { client })).toMatchObject({ error: 'invalid_scope' });
});

describe('of what was granted is left', () => {
  const granted = [
    'openid',
    'launch/patient',
    'offline_access',
    'patient/Patient.rs',
    'patient/Observation.rs',
  ];

  test('everything, when nothing was taken away', () => {
    expect(stillHeld(diary, api, granted)).toEqual(granted);
  });

  test('what the client still has', () => {
    const client = make({ apis: { 'kowhai-fhir': ['openid', 'launch/patient', 'patient/Patient.rs'] } });
    expect(stillHeld(client, api, granted)).toEqual(['openid', 'launch/patient', 'patient/Patient.rs']);
  });

  test('what the API still offers', () => {
    const smaller = {
      ...api,
      scopes: api.scopes.map((scope) => (scope === 'patient/*.rs' ? 'patient/Patient.rs' : scope)),
    };
    expect(stillHeld(diary, smaller, granted)).not.toContain('patient/Observation.rs');
    expect(stillHeld(diary, smaller, granted)).toContain('patient/Patient.rs');
  });

  test('nothing, when the client lost the API', () => {
    expect(stillHeld(make({ apis: {} }), api, granted)).toEqual([]);
  });
});

test.for([
  [['patient/Patient.rs'], true],
  [['openid', 'launch/patient'], true],
  [['patient/*.read'], true],
  [['openid', 'fhirUser', 'offline_access'], false],
  [['user/Patient.rs'], false],
  [['patient'], false],
  [[], false],
] as const)('whether %j opens the record of one patient: %s', ([scopes, expected]) => {
  expect(needsPatient(scopes)).toBe(expected);
});
