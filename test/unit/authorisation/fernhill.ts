import { apiSchema, asApi } from '../../../src/catalogue/index.ts';
import type { Client } from '../../../src/clients/index.ts';
import type { PractitionerRole } from '../../../src/practitioners/index.ts';
import { make } from './kowhai.ts';

/** GP records, whose tokens name a practitioner as FHIR has her. */
export const records = asApi(
  apiSchema.parse({
    id: 'gp-connect',
    audience: 'https://gp.millbrook.example.test/ZZ901/STU3/1/gpconnect/structured',
    profile: 'gp-connect',
    scopes: 'patient/*.read patient/*.write organization/*.read conf/N conf/R',
  }),
);

/** Reasonable adjustments, whose tokens name a user with one string. */
export const flags = asApi(
  apiSchema.parse({
    id: 'reasonable-adjustments',
    audience: 'https://spine.example.test/raflags/STU3',
    profile: 'spine-core',
    scopes: 'user/Flag.read user/Flag.write system/Flag.read',
  }),
);

/** Fernhill's system, with a change. */
export const clinic = (change: Partial<Client> = {}): Client =>
  make({
    clientId: 'gp-clinic',
    organization: {
      key: 'fernhill',
      name: 'Fernhill Hospital',
      odsCode: 'ZZ800',
      asid: '200000990800',
      kind: 'hospital',
    },
    asid: '200000990800',
    device: {
      identifier: { system: 'https://fernhill.example.test/Id/device', value: 'ward-app' },
      model: 'Fernhill Ward App',
      version: '3.4.1',
    },
    apis: {
      'gp-connect': ['patient/*.read', 'organization/*.read', 'conf/N'],
      'reasonable-adjustments': ['user/Flag.read', 'system/Flag.read'],
    },
    ...change,
  });

/** Dr Shah's role at Fernhill, with a change. */
export const shah = (change: Partial<PractitionerRole & { ended: boolean }> = {}) => ({
  id: 'priya-fernhill-clinical',
  accountId: 'priya',
  practitioner: 'pr-priya',
  sdsUser: '100000000101',
  family: 'Shah',
  given: ['Priya'],
  prefix: ['Dr'],
  organization: 'fernhill',
  roleProfile: '100000000203',
  jobRole: 'R8000',
  name: 'Clinical Practitioner',
  ended: false,
  ...change,
});
