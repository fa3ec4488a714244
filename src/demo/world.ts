import type { Api } from '../catalogue/index.ts';
import { jwtBearerGrant } from '../clients/index.ts';
import type { Organization } from '../organizations/index.ts';
import { resourceTypes } from './fhir/index.ts';

/** The organisations of the demo world. All are fictional; their codes come from ranges kept for tests. */
export const organizations: readonly Organization[] = [
  {
    key: 'millbrook',
    name: 'Millbrook Surgery',
    odsCode: 'ZZ901',
    asid: '200000990901',
    kind: 'GP practice',
  },
  { key: 'fernhill', name: 'Fernhill Hospital', odsCode: 'ZZ800', asid: '200000990800', kind: 'hospital' },
  { key: 'kete', name: 'Kete Health Ltd', odsCode: undefined, asid: undefined, kind: 'application maker' },
  { key: 'platform', name: 'Assent platform', odsCode: 'ZZ001', asid: '200000990001', kind: 'operator' },
];

/**
 * What the demo FHIR server can do: reading and searching, of one type or of all, for all three levels; and adding to the
 * measurements of one patient.
 */
const fhirScopes = [
  ...['openid', 'profile', 'fhirUser', 'launch/patient', 'offline_access', 'online_access'],
  ...['patient', 'user', 'system'].flatMap((level) =>
    ['*', ...resourceTypes].map((type) => `${level}/${type}.rs`),
  ),
  'patient/Observation.c',
  'introspect',
];

/** What a practitioner may do with reasonable adjustments. */
const wardScopes = ['Flag', 'Consent', 'Condition', 'List'].flatMap((type) => [
  `user/${type}.read`,
  `user/${type}.write`,
]);

/** The FHIR base of the demo world, below the issuer. */
export function demoFhirBase(issuer: string): string {
  return `${issuer}/demo/fhir/r4`;
}

/** The APIs of the demo world for which tokens can be had so far, or whose callers are refused with a reason. */
export function apis(issuer: string): readonly Api[] {
  return [
    {
      id: 'demo-fhir',
      audience: demoFhirBase(issuer),
      profile: 'smart',
      tokenFormat: 'opaque',
      tokenTyp: 'at+jwt',
      signingAlg: 'ES256',
      tokenLifetime: 600,
      scopes: fhirScopes,
      reasons: ['directcare'],
      sensitivity: 'medical-in-confidence',
      requiredAcr: 1,
      // Diagnoses and test results; whoever acts for somebody else signs in like this for anything.
      assurance: { types: { Condition: 3, Observation: 3 }, delegate: 3 },
    },
    {
      id: 'reasonable-adjustments',
      audience: 'https://spine.example.test/raflags/STU3',
      profile: 'spine-core',
      tokenFormat: 'jwt',
      tokenTyp: 'at+jwt',
      signingAlg: 'ES256',
      tokenLifetime: 300,
      scopes: [
        ...wardScopes,
        // Ours: the published API always has a user. It shows the unattended shape of a Spine Core token.
        'system/Flag.read',
      ],
      reasons: ['directcare'],
      sensitivity: 'medical-in-confidence',
      requiredAcr: 2,
      assurance: {},
    },
    {
      id: 'gp-connect',
      audience: 'https://gp.millbrook.example.test/ZZ901/STU3/1/gpconnect/structured',
      profile: 'gp-connect',
      tokenFormat: 'jwt',
      tokenTyp: 'at+jwt',
      signingAlg: 'ES256',
      tokenLifetime: 300,
      scopes: [
        'patient/*.read',
        'patient/*.write',
        'organization/*.read',
        'organization/*.write',
        'conf/N',
        'conf/R',
      ],
      reasons: ['directcare'],
      sensitivity: 'medical-in-confidence',
      requiredAcr: 2,
      assurance: {},
    },
    {
      id: 'admin-api',
      audience: `${issuer}/api/admin/v1`,
      profile: 'none',
      tokenFormat: 'jwt',
      tokenTyp: 'at+jwt',
      signingAlg: 'ES256',
      tokenLifetime: 300,
      scopes: ['admin.read', 'admin.write', 'admin.audit'],
      reasons: ['directcare'],
      sensitivity: 'unclassified',
      requiredAcr: undefined,
      assurance: {},
    },
  ];
}

const fernhill = {
  organization: 'fernhill',
  asid: '200000990800',
  device: {
    identifier: { system: 'https://fernhill.example.test/Id/device', value: 'ward-app' },
    model: 'Fernhill Ward App',
    version: '3.4.1',
  },
};

/** The secret of a demo client that has one. Published on purpose: nothing here is real. */
export function demoSecret(clientId: string): string {
  return `demo-secret-${clientId}`;
}

/** Whether the demo world has a client of this name. */
export function isDemoClient(clientId: string): boolean {
  return clients('').some((client) => client.client_id === clientId);
}

const keteScopes = 'openid profile fhirUser launch/patient offline_access patient/*.rs patient/Observation.c';

/** Demo clients as they would be registered; those of `private_key_jwt` get their key when they are seeded. */
export function clients(
  issuer: string,
): readonly (Readonly<Record<string, unknown>> & { readonly client_id: string })[] {
  return [
    {
      client_id: 'clinic-backend',
      client_name: 'Fernhill clinic back end',
      client_secret: demoSecret('clinic-backend'),
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['client_credentials'],
      apis: { 'reasonable-adjustments': 'system/Flag.read' },
      ...fernhill,
    },
    {
      client_id: 'clinic-jwt',
      client_name: 'Fernhill clinic back end (keys)',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES384',
      grant_types: ['client_credentials'],
      apis: {
        'reasonable-adjustments': 'system/Flag.read',
        'demo-fhir': 'system/Patient.rs system/Immunization.rs',
      },
      ...fernhill,
    },
    {
      client_id: 'kete-web',
      client_name: 'Kete Health',
      client_uri: `${issuer}/demo`,
      client_secret: demoSecret('kete-web'),
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [`${issuer}/demo/callback`, 'http://127.0.0.1:8090/cb'],
      post_logout_redirect_uris: [`${issuer}/demo`, 'http://127.0.0.1:8090/'],
      organization: 'kete',
      apis: { 'demo-fhir': keteScopes },
    },
    {
      client_id: 'kete-spa',
      client_name: 'Kete Health in the browser',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['http://127.0.0.1:8090/app.html'],
      post_logout_redirect_uris: ['http://127.0.0.1:8090/app.html'],
      organization: 'kete',
      apis: { 'demo-fhir': keteScopes },
    },
    {
      client_id: 'demo-fhir-server',
      client_name: 'FHIR server of the demonstration',
      client_secret: demoSecret('demo-fhir-server'),
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: [],
      organization: 'platform',
      apis: { 'demo-fhir': 'introspect' },
    },
    {
      client_id: 'admin-cli',
      client_name: 'Command line of the platform',
      client_secret: demoSecret('admin-cli'),
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['client_credentials'],
      organization: 'platform',
      apis: { 'admin-api': 'admin.read admin.write admin.audit' },
    },
    {
      client_id: 'gp-clinic',
      client_name: 'Fernhill clinic (GP records)',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      grant_types: [jwtBearerGrant, 'authorization_code', 'refresh_token'],
      redirect_uris: ['http://127.0.0.1:8090/cb'],
      post_logout_redirect_uris: ['http://127.0.0.1:8090/'],
      scope: 'openid offline_access',
      apis: { 'gp-connect': 'patient/*.read organization/*.read conf/N' },
      ...fernhill,
    },
    {
      client_id: 'ward-app',
      client_name: 'Fernhill Ward App',
      client_secret: demoSecret('ward-app'),
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['http://127.0.0.1:8090/cb'],
      post_logout_redirect_uris: ['http://127.0.0.1:8090/'],
      scope: 'openid offline_access',
      apis: { 'reasonable-adjustments': wardScopes.join(' ') },
      ...fernhill,
    },
  ];
}
