import { apiSchema, asApi } from '../../../src/catalogue/index.ts';
import type { Client } from '../../../src/clients/index.ts';

/** A FHIR server of Kōwhai. */
export const api = asApi(
  apiSchema.parse({
    id: 'kowhai-fhir',
    audience: 'https://fhir.kowhai.example.test/R4',
    profile: 'smart',
    scopes:
      'openid profile fhirUser launch/patient offline_access online_access patient/*.rs user/Patient.rs system/*.rs introspect',
  }),
);

/** An API of Kōwhai whose tokens name a role. */
export const spineApi = asApi(
  apiSchema.parse({
    id: 'kowhai-flags',
    audience: 'https://flags.kowhai.example.test/STU3',
    profile: 'spine-core',
    scopes: 'user/Flag.read',
  }),
);

/** An application that may use the FHIR server, with a change. */
export const make = (change: Partial<Client>): Client => ({
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

/** The application as it is. */
export const diary = make({});
