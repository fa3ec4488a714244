import type { Claims } from './examples.ts';

/** The example of the GP Connect claims section: Dr Okafor at Fernhill reads a structured record. */
export const published: Claims = {
  iss: 'https://records.fernhill.example/',
  sub: 'a7d1c2f0-4f4e-4c56-9d0e-5b1c8f2e6a11',
  aud: 'https://gp.millbrook.example/ZZ901/STU3/1/gpconnect/structured',
  iat: 1767225600,
  exp: 1767225900,
  reason_for_request: 'directcare',
  requested_scope: 'patient/*.read conf/N',
  requesting_device: {
    resourceType: 'Device',
    identifier: [{ system: 'https://fernhill.example/Id/device', value: 'ward-app-07' }],
    model: 'Fernhill Ward App',
    version: '3.4.1',
  },
  requesting_organization: {
    resourceType: 'Organization',
    identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ800' }],
    name: 'Fernhill Hospital',
  },
  requesting_practitioner: {
    resourceType: 'Practitioner',
    id: 'a7d1c2f0-4f4e-4c56-9d0e-5b1c8f2e6a11',
    identifier: [
      { system: 'https://fhir.nhs.uk/Id/sds-user-id', value: '100000000101' },
      { system: 'https://fhir.nhs.uk/Id/sds-role-profile-id', value: '100000000202' },
      { system: 'https://fernhill.example/Id/user-guid', value: 'a7d1c2f0-4f4e-4c56-9d0e-5b1c8f2e6a11' },
    ],
    name: [{ family: 'Okafor', given: ['Ada'], prefix: ['Dr'] }],
  },
};

/** Millbrook Surgery takes over a record, Rangi Cooper without a smartcard; with the claims that are ours. */
export const migration: Claims = {
  iss: 'http://localhost:3000',
  sub: 'pr-rangi',
  aud: 'https://gp.millbrook.example.test/ZZ901/STU3/1/gpconnect/structured',
  exp: 1767225900,
  iat: 1767225600,
  reason_for_request: 'migration',
  requested_scope: 'patient/*.read conf/R',
  requesting_device: {
    resourceType: 'Device',
    identifier: [{ system: 'urn:oid:1.2.3', value: 'desk 4' }],
    model: 'Millbrook Desk',
    version: '1',
  },
  requesting_organization: {
    resourceType: 'Organization',
    identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ901' }],
    name: 'Millbrook Surgery',
  },
  requesting_practitioner: {
    resourceType: 'Practitioner',
    id: 'pr-rangi',
    identifier: [
      { system: 'https://fhir.nhs.uk/Id/sds-user-id', value: 'UNK' },
      { system: 'https://fhir.nhs.uk/Id/sds-role-profile-id', value: 'UNK' },
      { system: 'https://millbrook.example.test/Id/user', value: 'MILLBROOK\\rangi' },
      { system: 'urn:oid:1.2.3.4', value: '4711' },
    ],
    name: [{ family: 'Cooper' }],
  },
  client_id: 'millbrook-desk',
  jti: '3f0c2b1e-7a0d-4c55-8f2e-0d5f2f1f9a10',
};

export const gpConnectExamples: [name: string, claims: Claims][] = [
  ['published', published],
  ['migration', migration],
];
