import { Refused } from '../errors.ts';
import type { Services } from '../services.ts';
import { readIdentifierString } from '../tokens/index.ts';
import { print, table, withSchema } from './run.ts';

/** What `assent account invite` was told. */
export interface InviteOptions {
  readonly name: string;
  readonly email?: string;
  readonly patient?: string;
  /** Each as SYSTEM|VALUE. */
  readonly identifier?: readonly string[];
  readonly birthDate?: string;
  readonly identityLevel?: string;
  readonly language?: string;
}

/** People that `assent account list` shows at most. */
const MOST_LISTED = 10_000;

/** `assent account invite`: prints the code with which somebody makes her account, and sends it where there is an address. */
export function inviteAccount({ identifier = [], identityLevel, ...options }: InviteOptions): Promise<void> {
  return withSchema(async ({ people, config }) => {
    const { code, expiresAt, mailed } = await people.invitations.invite({
      ...options,
      // What is no SYSTEM|VALUE is left to the rules, which name every fault at once.
      healthIdentifiers: identifier.map((text) => readIdentifierString(text) ?? { system: '', value: text }),
      ...(identityLevel === undefined ? {} : { identityLevel: identityLevel as 'none' }),
    });
    print(
      `code     ${code}`,
      `address  ${config.issuer}/account/join/${code}`,
      `until    ${expiresAt.toISOString()}`,
    );
    if (mailed && config.mail !== undefined) print('', 'It is on its way by mail, too.');
    else if (mailed) print('', 'It is not sent: there is no mail server (SMTP_URL). Hand it over yourself.');
  });
}

/** `assent account list`: everybody with an account, and whether it can be used. */
export function listAccounts(): Promise<void> {
  return withSchema(async ({ people }) => {
    const rows = (await people.directory.list(MOST_LISTED)).map((person) => [
      person.id,
      person.name,
      person.names.join(' ') || '-',
      person.status,
      person.identityLevel,
      person.email === undefined ? '-' : person.emailVerifiedAt === undefined ? 'not verified' : 'verified',
      person.patient ?? '-',
      person.practitioner ?? '-',
    ]);
    const head = ['id', 'name', 'signs in as', 'status', 'identity', 'address', 'patient', 'practitioner'];
    print(...table(head, rows));
  });
}

/** The account that an operator means. @throws Refused where there is none */
async function accountNamed({ people }: Services, named: string) {
  const person = await people.directory.findNamed(named);
  if (person === undefined) {
    throw new Refused('Nothing was changed:', [`nobody has the id ${named} or signs in with it`]);
  }
  return person;
}

/** `assent account suspend` and `assent account deceased`: ends the use of an account at once. */
export function disableAccount(named: string, reason: 'suspended' | 'deceased'): Promise<void> {
  return withSchema(async (services) => {
    const { id } = await accountNamed(services, named);
    const changed = await services.people.statuses.disable(id, reason);
    print(
      changed
        ? `${id} is ${reason}: sessions, links and whatever applications had have ended.`
        : `${id} was ${reason} before; nothing was changed.`,
    );
  });
}

/** `assent account restore`: lets an account be used again. */
export function restoreAccount(named: string): Promise<void> {
  return withSchema(async (services) => {
    const { id } = await accountNamed(services, named);
    const changed = await services.people.statuses.restore(id);
    print(
      changed
        ? `${id} can be used again. Applications get access when the person signs in.`
        : `${id} could be used before; nothing was changed.`,
    );
  });
}

/** `assent account reset-factors`: removes passkeys, authenticator app and recovery codes of somebody who has lost them. */
export function resetFactors(named: string): Promise<void> {
  return withSchema(async (services) => {
    const { id, status } = await accountNamed(services, named);
    const removed = await services.people.resetFactors(id);
    if (removed === undefined) throw new Refused('Nothing was changed:', [`the account ${id} is ${status}`]);
    const { passkeys, authenticators, recoveryCodes } = removed;
    print(
      `${id} is signed out everywhere. Removed: passkeys ${passkeys}, apps ${authenticators}, recovery codes ${recoveryCodes}.`,
      '',
      'The person signs in with her password, or where she signs in elsewhere, and sets up what she needs.',
      'If she does not know the password: assent account reset-link.',
    );
  });
}

/** `assent account reset-link`: prints a link with which somebody chooses a new password, for whom no mail reaches. */
export function makeResetLink(named: string): Promise<void> {
  return withSchema(async (services) => {
    const { id, status } = await accountNamed(services, named);
    const link = await services.people.resets.link(id);
    if (link === undefined) throw new Refused('No link was made:', [`the account ${id} is ${status}`]);
    print(link, '', 'It works once, for 30 minutes. Make sure that you give it to the person herself.');
  });
}
