import { register } from '../../support/fixtures.ts';
import type { TestServer } from '../../support/server.ts';

/** Clients beside the demo world, each of which lacks something or has something that does not help it. */
export const applicants = {
  /** Hillside Practice has an ODS code but was never accredited: neither it nor its client has an ASID. */
  unaccredited: 'hillside-desk',
  /** Written by Kete Health, who make applications and are no care organisation: an ASID, but no ODS code. */
  maker: 'kete-nightly',
  /** Registered in a hurry: an ASID of its own, but no organisation. */
  stray: 'stray-script',
  /** Fernhill's structured records reader: a token for GP Connect names a person, and no person takes part here. */
  records: 'fernhill-records',
  /** Fernhill's ward terminal was given a practitioner's scope, which a system can never use on its own. */
  ward: 'fernhill-terminal',
  /** May read the administration API, and nothing else there. */
  reader: 'platform-reader',
  /** Was registered, but may use no grant yet. */
  idle: 'fernhill-idle',
  /** Has two APIs, so that a request may name both. */
  both: 'fernhill-both',
} as const;

export const secretOf = (clientId: string) => `${clientId}-secret-for-tests-only`;

/** Registers all of them. */
export async function registerApplicants(server: TestServer): Promise<void> {
  await server.services.organizations.put(
    { key: 'hillside', name: 'Hillside Practice', odsCode: 'ZZ777', asid: undefined, kind: 'GP practice' },
    { demo: false },
  );
  const client = (clientId: string, more: Readonly<Record<string, unknown>>) => ({
    client_id: clientId,
    client_secret: secretOf(clientId),
    grant_types: ['client_credentials'],
    ...more,
  });
  const flags = { 'reasonable-adjustments': 'system/Flag.read' };
  await register(
    server,
    client(applicants.unaccredited, { organization: 'hillside', apis: flags }),
    client(applicants.maker, { organization: 'kete', asid: '200000990777', apis: flags }),
    client(applicants.stray, { asid: '200000990778', apis: flags }),
    client(applicants.records, { organization: 'fernhill', apis: { 'gp-connect': 'patient/*.read conf/N' } }),
    client(applicants.ward, {
      organization: 'fernhill',
      apis: { 'reasonable-adjustments': 'user/Flag.read system/Flag.read' },
    }),
    client(applicants.reader, { organization: 'platform', apis: { 'admin-api': 'admin.read' } }),
    client(applicants.idle, { organization: 'fernhill', grant_types: [], apis: flags }),
    client(applicants.both, { organization: 'fernhill', apis: { ...flags, 'admin-api': 'admin.read' } }),
  );
}
