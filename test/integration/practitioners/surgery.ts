import { apiSchema, asApi } from '../../../src/catalogue/index.ts';
import type { PractitionerRecord } from '../../../src/practitioners/index.ts';
import type { Credentials } from '../../support/exchange.ts';
import { register } from '../../support/fixtures.ts';
import { millbrookRole, wardChange } from '../../support/practitioner.ts';
import type { TestServer } from '../../support/server.ts';

/** An application of Millbrook Surgery, where Dr Shah and Rangi Cooper have one role each. */
export const surgeryApp: Credentials = ['surgery-app', 'a-secret-of-surgery-app-that-is-long-enough'];

/** What it asks for in most tests. */
export const surgeryChange = {
  ...wardChange,
  client_id: 'surgery-app',
  scope: 'offline_access user/Flag.read',
};

const everything = ['Flag', 'Consent', 'Condition', 'List'].flatMap((type) => [
  `user/${type}.read`,
  `user/${type}.write`,
]);

/** Registers the application, with a device; `change` replaces members of its registration. */
export function registerSurgery(
  server: TestServer,
  change: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const [clientId, secret] = surgeryApp;
  return register(server, {
    client_id: clientId,
    client_name: 'Millbrook front desk',
    client_secret: secret,
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: ['http://127.0.0.1:8090/cb'],
    organization: 'millbrook',
    device: {
      identifier: { system: 'https://millbrook.example.test/Id/device', value: 'front-desk' },
      model: 'Millbrook Desk',
      version: '1.0',
    },
    scope: 'openid offline_access',
    apis: { 'reasonable-adjustments': everything.join(' ') },
    ...change,
  });
}

/** Puts an API into the catalogue as an operator does. @throws where its members are not good */
export function putApi(server: TestServer, api: Readonly<Record<string, unknown>>): Promise<boolean> {
  return server.services.catalogue.put(asApi(apiSchema.parse(api)), { demo: false });
}

type Role = PractitionerRecord['roles'][number];

const roles = {
  millbrook: {
    id: 'priya-millbrook-clinical',
    organization: 'millbrook',
    roleProfile: millbrookRole,
    jobRole: 'R8000',
    name: 'Clinical Practitioner',
  },
  clinical: {
    id: 'priya-fernhill-clinical',
    organization: 'fernhill',
    roleProfile: '100000000203',
    jobRole: 'R8000',
    name: 'Clinical Practitioner',
  },
  professional: {
    id: 'priya-fernhill-professional',
    organization: 'fernhill',
    roleProfile: '100000000204',
    jobRole: 'R8003',
    name: 'Health Professional',
  },
} satisfies Record<string, Role>;

/**
 * Writes Dr Shah anew. @param change of each of her roles: other members, or `undefined` for one that ends; a role that
 * is not named is as the demo world has it
 */
export function putShah(
  { services }: Pick<TestServer, 'services'>,
  change: Readonly<Partial<Record<keyof typeof roles, Partial<Role> | undefined>>> = {},
  names: Partial<Omit<PractitionerRecord, 'accountId' | 'roles'>> = {},
): Promise<void> {
  return services.practitioners.put({
    accountId: 'priya',
    sdsUser: '100000000101',
    family: 'Shah',
    given: ['Priya'],
    prefix: ['Dr'],
    ...names,
    roles: Object.entries(roles).flatMap(([name, role]) => {
      const key = name as keyof typeof roles;
      return key in change && change[key] === undefined ? [] : [{ ...role, ...change[key] }];
    }),
  });
}

/** Writes Rangi Cooper anew, with a change of his only role; without roles for `ended`. */
export function putRangi(
  { services }: Pick<TestServer, 'services'>,
  change: Partial<Role> | 'ended' = {},
): Promise<void> {
  const role: Role = {
    id: 'rangi-millbrook-reception',
    organization: 'millbrook',
    roleProfile: '100000000212',
    jobRole: 'R8009',
    name: 'Receptionist',
  };
  return services.practitioners.put({
    accountId: 'rangi',
    sdsUser: '100000000111',
    family: 'Cooper',
    given: ['Rangi'],
    prefix: [],
    roles: change === 'ended' ? [] : [{ ...role, ...change }],
  });
}
