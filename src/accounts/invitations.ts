import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import { Refused } from '../errors.ts';
import type { Mail } from '../mail/index.ts';
import { asIdentifier } from './account.ts';
import type { ContactAddresses } from './contact-addresses.ts';
import { type Invitation, type InvitationInput, invitationSchema } from './invitation.ts';
import type { Link, Links } from './links.ts';
import type { Collision, NewAccounts } from './new-account.ts';
import type { PasswordChoice } from './password-choice.ts';
import type { PasswordFault } from './password-rules.ts';
import type { Passwords } from './passwords.ts';

/** Seconds for which an invitation is good. */
const INVITATION_LIFE = 7 * 24 * 3600;

/** Other addresses to which one invitation may be taken: whoever holds it could send mail to anybody. */
const MOST_ADDRESSES = 5;

const statements = {
  lock: {
    name: 'invitations_lock',
    text: `SELECT id FROM one_time_links WHERE id = $1 AND kind = 'invitation' AND expires_at > $2 FOR UPDATE`,
  },
  addresses: {
    name: 'invitations_addresses',
    text: `SELECT count(*)::integer AS count FROM one_time_links WHERE kind = 'invitation' AND data->>'invitation' = $1`,
  },
} satisfies Record<string, Statement>;

/** An invitation that is open. */
export interface OpenInvitation {
  readonly name: string;
  readonly language: string | undefined;
  /** The address that she was invited at, or that she chose and the link was sent to. */
  readonly email: string | undefined;
  /** Whether the link was sent to `email` to prove that she reads what is sent there: then she can take no other. */
  readonly proved: boolean;
}

/**
 * What becomes of somebody who takes an invitation up. `sent`: a link was sent to the address that she chose, whether or not
 * somebody has it already. `person`: she has an account already. `tooMany`: she chose too many addresses.
 */
export type Joined =
  | { readonly kind: 'joined'; readonly verified: boolean }
  | { readonly kind: 'sent' | 'over' | 'person' | 'tooMany' }
  | { readonly kind: 'password'; readonly fault: PasswordFault };

/** How people come to have an account. */
export interface Invitations {
  /**
   * Invites somebody, with an audit row, and sends her the code where there is an address.
   *
   * @returns the code; it is not kept @throws Refused with every fault, and then nothing has happened
   */
  invite(invitation: InvitationInput): Promise<{ code: string; expiresAt: Date; mailed: boolean }>;
  /** An invitation that is open. @param code as it was typed, or stands in a link */
  find(code: string): Promise<OpenInvitation | undefined>;
  /**
   * Takes an invitation up: makes the account, and sends a link to prove its address where that was not done. Another address
   * than the one invited is taken up by a link that is sent there, so that nobody learns whether somebody has it already.
   *
   * @throws Overloaded when too many passwords wait to be hashed
   */
  join(code: string, chosen: { email: string; password: string }): Promise<Joined>;
}

/** An invitation with the links that lead to it. */
interface Found {
  /** The invitation's own. */
  readonly link: Link;
  readonly invitation: Invitation;
  /** The one that was sent to another address. */
  readonly proof: (Link & { readonly email: string }) | undefined;
}

/** Undoes what a transaction has done so far. */
class Undone extends Error {
  readonly joined: Joined | { readonly kind: 'name' };
  constructor(joined: Joined | { readonly kind: 'name' }) {
    super('an invitation was not taken up');
    this.joined = joined;
  }
}

const isSame = (one: string, other: string | undefined) =>
  other !== undefined && asIdentifier(one) === asIdentifier(other);

/** @param issuer beginning of the links */
export function createInvitations(options: {
  db: Database;
  clock: Clock;
  audit: Audit;
  links: Links;
  mail: Mail;
  passwords: Passwords;
  choice: PasswordChoice;
  accounts: NewAccounts;
  addresses: ContactAddresses;
  issuer: string;
  /** A day as people write it. */
  formatDay: (at: Date, language: string | undefined) => string;
}): Invitations {
  const { db, clock, audit, links, mail, passwords, choice, accounts, addresses, issuer, formatDay } =
    options;
  const linkTo = (code: string) => `${issuer}/account/join/${code}`;

  async function find(code: string): Promise<Found | undefined> {
    const opened = await links.peek('invitation', code);
    const parent = opened?.data.invitation;
    if (opened === undefined || typeof parent !== 'string') {
      return opened && { link: opened, invitation: opened.data as unknown as Invitation, proof: undefined };
    }
    const link = await links.peekById('invitation', parent);
    const proof = { ...opened, email: String(opened.data.email) };
    return link && { link, invitation: link.data as unknown as Invitation, proof };
  }

  /** Sends a link to the address that she chose, or tells its owner; the same work, whichever it is. */
  function takeElsewhere({ link, invitation }: Found, email: string): Promise<Joined> {
    return db.transaction(async () => {
      // Of addresses that are chosen at once, each counts those before it.
      const [open] = await db.query(statements.lock, [link.id, clock.now()]);
      if (open === undefined) return { kind: 'over' };
      const [row] = await db.query<{ count: number }>(statements.addresses, [link.id]);
      if ((row?.count ?? 0) >= MOST_ADDRESSES) return { kind: 'tooMany' };
      const taken = await accounts.taken({ email, healthIdentifiers: [] });
      const data = { invitation: link.id, email };
      const left = Math.ceil((link.expiresAt.getTime() - clock.now().getTime()) / 1000);
      const code = await links.create('invitation', data, left);
      const { name, language } = invitation;
      const values = {
        name,
        link: taken.name ? `${issuer}/account` : linkTo(code),
        reset: `${issuer}/account/reset`,
      };
      const kind = taken.name ? 'addressTaken' : 'addressChosen';
      await mail.write({ kind, accountId: undefined, to: email, language, values });
      return { kind: 'sent' };
    });
  }

  /** Makes the account, all or nothing. */
  async function make(
    { link, invitation, proof }: Found,
    email: string,
    passwordHash: string,
  ): Promise<Joined> {
    const verified = proof !== undefined;
    await db.transaction(async () => {
      const used = await links.useById('invitation', link.id);
      const proved = proof === undefined || (await links.useById('invitation', proof.id));
      if (used === undefined || proved === undefined) throw new Undone({ kind: 'over' });
      const made = await accounts.add({ invitation, passwordHash, email, verified });
      if ('collision' in made) throw new Undone({ kind: made.collision satisfies Collision });
      const { id } = made;
      await audit.record({ type: 'account.joined', subject: id, detail: { invitation: link.id, verified } });
      if (!verified) await addresses.ask({ id, name: invitation.name, language: invitation.language }, email);
    });
    return { kind: 'joined', verified };
  }

  return {
    async invite(given) {
      const result = invitationSchema.safeParse(given);
      const faults = result.success
        ? []
        : result.error.issues.map(({ path, message }) => `${path.join('.') || 'it'} ${message}`);
      return db.transaction(async () => {
        const invitation = result.data;
        if (invitation !== undefined) {
          const taken = await accounts.taken(invitation);
          if (taken.name) faults.push('email is the sign-in name of an account already');
          if (taken.patient) faults.push('patient belongs to an account already');
          faults.push(
            ...taken.identifiers.map(
              ({ system, value }) => `healthIdentifiers ${system}|${value} belongs to an account already`,
            ),
          );
        }
        if (invitation === undefined || faults.length > 0) throw new Refused('Nobody was invited:', faults);
        const { name, email, language, identityLevel } = invitation;
        const code = await links.create('invitation', invitation, INVITATION_LIFE);
        const link = await links.peek('invitation', code);
        if (link === undefined) throw new Error('an invitation is over that was just made');
        const { id, expiresAt } = link;
        await audit.record({
          type: 'account.invited',
          detail: { invitation: id, identityLevel, mailed: email !== undefined },
        });
        if (email !== undefined) {
          const values = { name, link: linkTo(code), until: formatDay(expiresAt, language) };
          await mail.write({ kind: 'invitation', accountId: undefined, to: email, language, values });
        }
        return { code, expiresAt, mailed: email !== undefined };
      });
    },
    async find(code) {
      const found = await find(code);
      if (found === undefined) return undefined;
      const { invitation, proof } = found;
      const email = proof?.email ?? invitation.email;
      return { name: invitation.name, language: invitation.language, email, proved: proof !== undefined };
    },
    async join(code, { email, password }) {
      const found = await find(code);
      if (found === undefined) return { kind: 'over' };
      const address = found.proof?.email ?? email;
      const fault = await choice.fault(password, [found.invitation.name, address]);
      if (fault !== undefined) return { kind: 'password', fault };
      const passwordHash = await passwords.hash(password);
      const isInvited = found.proof !== undefined || isSame(address, found.invitation.email);
      if (!isInvited) return takeElsewhere(found, address);
      try {
        return await make(found, address, passwordHash);
      } catch (error) {
        if (!(error instanceof Undone)) throw error;
        // Somebody else has taken the address since she was invited at it.
        return error.joined.kind === 'name' ? takeElsewhere(found, address) : error.joined;
      }
    },
  };
}
