import { describe, expect, test } from 'vitest';
import { admitPerson } from '../../../src/authorisation/index.ts';
import { api, diary, make, spineApi } from './kowhai.ts';

/** What an application may ask a person for. */

const ask = (scope: unknown, change: Partial<Parameters<typeof admitPerson>[0]> = {}) =>
  admitPerson({ client: diary, api, scope, state: 'a-state', reason: undefined, ...change });

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

describe('at a SMART API an application may not ask for more than it was given:', () => {
  test.for([
    ['patient/Patient.rs', 'patient/*.rs'],
    ['patient/*.r', 'patient/*.rs'],
    ['patient/*.r', 'patient/Patient.s'],
    ['patient/Observation.rs?category=laboratory', 'patient/Observation.rs'],
    ['patient/Observation.rs?category=laboratory', 'patient/Observation.rs?category=vital-signs'],
    ['patient/Patient.rs', 'user/Patient.rs'],
    ['user/Patient.rs', 'patient/Patient.rs'],
    ['system/*.rs', 'patient/Patient.rs'],
  ] as const)('with %s not for %s', ([held, scope]) => {
    const client = make({ apis: { 'kowhai-fhir': [held] } });
    expect(ask(scope, { client })).toEqual({
      error: 'invalid_scope',
      description: `the client may not have ${scope}`,
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

  test('an API whose tokens name an organisation and a system, without both', () => {
    const client = make({ apis: { 'kowhai-flags': ['user/Flag.read'] } });
    expect(ask('user/Flag.read', { client, api: spineApi })).toMatchObject({ error: 'unauthorized_client' });
  });

  test('an API that it was not given', () => {
    expect(ask('user/Flag.read', { api: spineApi })).toMatchObject({ error: 'invalid_target' });
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
    ['openid launch/patient', 'launch/patient needs the resource at which the record is'],
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

test('an identity scope that the API does not offer is refused, whoever asks', () => {
  const poorer = { ...api, scopes: api.scopes.filter((scope) => scope !== 'profile') };
  const client = make({ metadata: { scope: 'openid profile', grant_types: [] } });
  expect(ask('openid profile', { client, api: poorer })).toMatchObject({ error: 'invalid_scope' });
  expect(ask('openid profile', { client })).toEqual({ scopes: ['openid', 'profile'] });
});

test('a client has the identity scopes that it named, beside those of its API', () => {
  const client = make({ metadata: { scope: 'profile', grant_types: ['refresh_token'] } });
  expect(ask('openid profile patient/Patient.rs', { client })).toMatchObject({ scopes: expect.any(Array) });
  expect(ask('openid fhirUser', { client })).toMatchObject({ error: 'invalid_scope' });
});
