import type { InvitationInput } from '../../../src/accounts/invitation.ts';
import type { TestServer } from '../../support/server.ts';

/** A password that every rule takes. */
export const goodPassword = 'tui and fantail at noon';

/** Somebody who is invited, whom the demo world does not know. */
export const ngaio: InvitationInput & { readonly email: string } = {
  name: 'Ngaio Reweti',
  email: 'ngaio@example.test',
  patient: 'p-ngaio',
  birthDate: '1984-06',
  identityLevel: 'medium',
  language: 'en',
  healthIdentifiers: [{ system: 'https://standards.digital.health.nz/ns/nhi-id', value: 'ZZZ00AC' }],
};

/** A mail as it waits. */
export interface Waiting {
  readonly kind: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Mails that wait, the oldest first. */
export async function mails({ services }: TestServer): Promise<Waiting[]> {
  const found = await services.mail.newest();
  return found.map(({ kind, to, subject, text }) => ({ kind, to, subject, text })).reverse();
}

/** The token of the first link to an address in a text. @param path such as `/account/reset/` */
export function tokenIn(text: string | undefined, path: string): string {
  const [, token = ''] = new RegExp(`${path}([\\w-]+)`).exec(text ?? '') ?? [];
  return token;
}

/** Audit rows whose type begins with `account.`, but for those of seeding, the oldest first. */
export const accountAudit = ({ sql }: TestServer) =>
  sql<{ type: string; subject: string | null; detail: Record<string, unknown> }>(
    `SELECT type, subject, detail FROM audit_events WHERE type LIKE 'account.%' AND type <> 'account.written' ORDER BY at, id`,
  );

/** Takes back whatever a test did: people that it made, mails and links. */
export async function forgetPeople({ sql }: TestServer): Promise<void> {
  await sql('DELETE FROM mails');
  await sql('DELETE FROM one_time_links');
  await sql('DELETE FROM accounts WHERE NOT demo');
}
