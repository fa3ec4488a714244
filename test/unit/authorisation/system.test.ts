import { expect, test } from 'vitest';
import { admitSystem } from '../../../src/authorisation/index.ts';
import { apiSchema, asApi } from '../../../src/catalogue/index.ts';
import type { Client } from '../../../src/clients/index.ts';

const api = asApi(
  apiSchema.parse({
    id: 'kowhai-fhir',
    audience: 'https://fhir.kowhai.example.test/R4',
    profile: 'smart',
    scopes: 'patient/*.rs system/*.rs system/Patient.rs system/Immunization.crus introspect',
  }),
);

const client: Client = {
  clientId: 'recall-letters',
  metadata: {},
  organization: undefined,
  asid: undefined,
  device: undefined,
  secrets: [],
  apis: { 'kowhai-fhir': ['system/*.rs', 'system/Immunization.c', 'patient/Patient.r', 'introspect'] },
};

const ask = (scope: string) => admitSystem({ api, client, scope, reason: undefined });

test.each([
  'system/Patient.r',
  'system/Patient.read introspect',
  'system/Immunization.crs',
  'system/*.rs',
  'system/Patient.rs?_security=a',
])('a client without a person has %s at a SMART API', (scope) => {
  expect(ask(scope)).toEqual({ scopes: scope.split(' '), reason: undefined });
});

test.each([
  ['patient/Patient.r', 'patient/Patient.r needs a person who signed in'],
  ['system/Patient.r patient/Patient.r', 'patient/Patient.r needs a person who signed in'],
  ['system/Patient.sr', 'system/Patient.sr is not a scope of this resource'],
  ['system/Patient.rs?code:in=a', 'system/Patient.rs?code:in=a is not a scope of this resource'],
  ['system/Basic.r', 'system/Basic.r is not a scope of this resource'],
  ['system/Patient.d', 'system/Patient.d is not a scope of this resource'],
  ['system/Immunization.u', 'the client may not have system/Immunization.u'],
])('%s is refused: %s', (scope, description) => {
  expect(ask(scope)).toEqual({ error: 'invalid_scope', description });
});
