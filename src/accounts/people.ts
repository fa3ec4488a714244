import type { Audit } from '../audit/index.ts';
import type { Clock, Ids } from '../clock.ts';
import type { Database } from '../db/index.ts';
import type { Mail } from '../mail/index.ts';
import { type ContactAddresses, createContactAddresses } from './contact-addresses.ts';
import { createRecordChange } from './credential-change.ts';
import type { Credentials } from './credentials.ts';
import { createDirectory, type Directory } from './directory.ts';
import { createResetFactors, type ResetFactors } from './factor-reset.ts';
import { createEndHalfDone } from './half-done.ts';
import { createInvitations, type Invitations } from './invitations.ts';
import { createLinks } from './links.ts';
import { formatIn } from './mail-dates.ts';
import { createNewAccounts } from './new-account.ts';
import type { Notices } from './notices.ts';
import { createPasswordResets, type EndEverything, type PasswordResets } from './password-resets.ts';
import type { Passwords } from './passwords.ts';
import { createStatuses, type Statuses } from './statuses.ts';

/** How people come to have an account, how they are reached, and how that ends. */
export interface People {
  readonly directory: Directory;
  readonly invitations: Invitations;
  readonly addresses: ContactAddresses;
  readonly resets: PasswordResets;
  readonly statuses: Statuses;
  readonly resetFactors: ResetFactors;
  readonly notices: Notices;
}

/**
 * Puts together what concerns people and not how they sign in.
 *
 * @param issuer beginning of the links in mails
 * @param timeZone in which mails tell days and times
 * @param endEverything ends sessions and grants
 */
export function createPeople(options: {
  db: Database;
  clock: Clock;
  ids: Ids;
  audit: Audit;
  mail: Mail;
  passwords: Passwords;
  credentials: Credentials;
  notices: Notices;
  endEverything: EndEverything;
  issuer: string;
  timeZone: string;
}): People {
  const { credentials, timeZone } = options;
  const links = createLinks(options);
  const choice = credentials.passwordChoice;
  const addresses = createContactAddresses({ ...options, links });
  const accounts = createNewAccounts(options);
  const formatDay = (at: Date, language: string | undefined) =>
    formatIn(language, { dateStyle: 'long', timeZone })(at);
  return {
    directory: createDirectory(options),
    invitations: createInvitations({ ...options, links, choice, accounts, addresses, formatDay }),
    addresses,
    resets: createPasswordResets({ ...options, ...credentials, links, choice }),
    statuses: createStatuses(options),
    resetFactors: createResetFactors({
      ...options,
      endHalfDone: createEndHalfDone(options),
      recordChange: createRecordChange({ ...options, notify: options.notices.credentialChanged }),
    }),
    notices: options.notices,
  };
}
