import type { PractitionerRecord } from '../../../src/practitioners/index.ts';
import type { TestServer } from '../../support/server.ts';

/** SDS role profiles of people beside the demo world. */
export const profiles = {
  /** Rangi Cooper at Fernhill's desk, beside his role at Millbrook. */
  desk: '100000000213',
  /** Dr Okafor's only role, which has ended. */
  ended: '100000000221',
  /** The role of Dr Tane, whose account was disabled. */
  disabled: '100000000231',
  /** Dr Reid's only role, at Millbrook. */
  elsewhere: '100000000241',
  /** Mia Hale at Fernhill's desk, and as a nurse. */
  clerk: '100000000251',
  nurse: '100000000252',
} as const;

/** Their SDS users. */
export const users = {
  cooper: '100000000111',
  okafor: '100000000121',
  tane: '100000000131',
  reid: '100000000141',
  hale: '100000000151',
} as const;

const at = (organization: string, roleProfile: string, jobRole = 'R8000') => ({
  id: `role-${roleProfile}`,
  organization,
  roleProfile,
  jobRole,
  name: jobRole === 'R8009' ? 'Receptionist' : 'Clinical Practitioner',
});

type Roles = PractitionerRecord['roles'];

const people: readonly (readonly [id: 'okafor' | 'tane' | 'reid' | 'hale', family: string, roles: Roles])[] =
  [
    ['okafor', 'Okafor', [at('fernhill', profiles.ended)]],
    ['tane', 'Tane', [at('fernhill', profiles.disabled)]],
    ['reid', 'Reid', [at('millbrook', profiles.elsewhere)]],
    ['hale', 'Hale', [at('fernhill', profiles.clerk, 'R8009'), at('fernhill', profiles.nurse, 'R8001')]],
  ];

/** Writes them all. */
export async function putStaff({ services, sql }: TestServer): Promise<void> {
  const { accounts, practitioners } = services;
  const names = { given: [], prefix: [] };
  for (const [id, family, roles] of people) {
    const account = { id, name: family, passwordHash: 'none', patient: undefined, identifiers: [] };
    await accounts.put({ ...account, practitioner: `pr-${id}` }, { demo: false });
    await practitioners.put({ accountId: id, sdsUser: users[id], family, ...names, roles });
  }
  await practitioners.put({
    ...{ accountId: 'okafor', sdsUser: users.okafor, family: 'Okafor', ...names },
    roles: [],
  });
  await sql("UPDATE accounts SET disabled_at = now() WHERE id = 'tane'");
  const reception = { jobRole: 'R8009', name: 'Receptionist' };
  await practitioners.put({
    ...{ accountId: 'rangi', sdsUser: users.cooper, family: 'Cooper', given: ['Rangi'], prefix: [] },
    roles: [
      {
        id: 'rangi-millbrook-reception',
        organization: 'millbrook',
        roleProfile: '100000000212',
        ...reception,
      },
      { id: 'rangi-fernhill-reception', organization: 'fernhill', roleProfile: profiles.desk, ...reception },
    ],
  });
}
