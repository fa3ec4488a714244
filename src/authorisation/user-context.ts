import type { Api, TokenProfile } from '../catalogue/index.ts';
import type { Client } from '../clients/index.ts';
import type { Listed, PractitionerRole } from '../practitioners/index.ts';
import { isPlain } from '../text.ts';
import {
  bearsNameOf,
  type Identifier,
  isGenericAccount,
  type Read,
  type RequestingPractitioner,
  readOrganization,
  readOrganizationString,
  readPractitioner,
  readUser,
  UNKNOWN,
} from '../tokens/index.ts';
import { CLOCK_TOLERANCE, LONGEST_ASSERTION, timesFault } from './assertion-times.ts';
import { machineNames } from './provenance.ts';

/** Whom a client's own system signed in, made anew of what was checked. */
export interface Asserted {
  /** The system's own id of the user. */
  readonly subject: string;
  /** For `gp-connect`. */
  readonly practitioner: RequestingPractitioner | undefined;
  /** For `spine-core`. */
  readonly user: Identifier | undefined;
  readonly sdsUser: string | undefined;
  readonly roleProfile: string | undefined;
  /** `reason_for_request` as it was sent. */
  readonly reason: unknown;
  readonly jti: string;
  /** Until when the assertion could be used again, if nobody remembered it. */
  readonly endsAt: Date;
}

/** What an assertion is held against; `now` in seconds since 1970. */
interface Context {
  readonly api: Api;
  readonly client: Client;
  readonly issuer: string;
  readonly now: number;
}

/** What an assertion says, before it is known whether it may. */
export type AssertedClaims = Readonly<Record<string, unknown>>;

/** OpenID Connect Core section 2 holds `sub` to 255 characters. */
const LONGEST_SUBJECT = 255;

function envelopeFault(claims: AssertedClaims, { client, issuer, now }: Context): string | undefined {
  const { iss, sub, aud, exp, iat } = claims;
  if (iss !== client.clientId) return 'iss must be the client_id';
  if (aud !== issuer) return 'aud must be the issuer, as one string';
  const fault = timesFault(claims, now);
  if (fault !== undefined) return fault;
  if (typeof iat !== 'number' || Number(exp) - iat > LONGEST_ASSERTION)
    return `exp must be at most ${LONGEST_ASSERTION} s after iat`;
  if (typeof sub !== 'string' || sub === '' || sub.length > LONGEST_SUBJECT || !isPlain(sub))
    return 'sub must be the id of the user';
  const machine = bearsNameOf(machineNames(client), [sub]);
  return machine || isGenericAccount(sub) ? 'sub must be a person, not a system or group user' : undefined;
}

function organizationFault(claims: AssertedClaims, api: Api, client: Client): string | undefined {
  const { requesting_organization: given } = claims;
  if (given === undefined) return undefined;
  const read = forms[api.profile]?.organization(given);
  if (read === undefined) return undefined;
  if ('fault' in read) return read.fault;
  return read.odsCode === client.organization?.odsCode
    ? undefined
    : 'requesting_organization is not the organisation of the client';
}

type Who = Pick<Asserted, 'practitioner' | 'user' | 'sdsUser' | 'roleProfile'>;

const national = (value: string) => (value === UNKNOWN ? undefined : value);

/** Whether a naming system is one of ours: in those only we can name somebody. */
function isOurs({ system }: Identifier, issuer: string): boolean {
  return URL.parse(system)?.origin === new URL(issuer).origin;
}

const OURS = 'a naming system of this server names only whom it signed in itself';

function readSpineUser(claims: AssertedClaims, { client, issuer }: Context): Read<Who> {
  const read = readUser(claims.requesting_user, machineNames(client));
  if ('fault' in read) return read;
  const { user, sdsRoleProfile } = read;
  if (isOurs(user, issuer)) return { fault: OURS };
  if (sdsRoleProfile === undefined && user.value !== claims.sub)
    return { fault: 'sub must be the local id in requesting_user' };
  return { practitioner: undefined, user, sdsUser: undefined, roleProfile: sdsRoleProfile };
}

function readGpConnectUser(claims: AssertedClaims, { client, issuer }: Context): Read<Who> {
  const read = readPractitioner(claims.requesting_practitioner, machineNames(client));
  if ('fault' in read) return read;
  const { practitioner } = read;
  if (practitioner.local.some((one) => isOurs(one, issuer))) return { fault: OURS };
  if (practitioner.id !== claims.sub) return { fault: 'sub must be the id of requesting_practitioner' };
  const [sdsUser, roleProfile] = [national(practitioner.sdsUser), national(practitioner.sdsRoleProfile)];
  return { practitioner, user: undefined, sdsUser, roleProfile };
}

/** In which form a profile's assertions say who it is and for which organisation. */
interface AssertedForm {
  who(claims: AssertedClaims, context: Context): Read<Who>;
  organization(given: unknown): Read<{ odsCode: string }>;
}

const forms: Readonly<Record<TokenProfile, AssertedForm | undefined>> = {
  'spine-core': { who: readSpineUser, organization: readOrganizationString },
  'gp-connect': { who: readGpConnectUser, organization: readOrganization },
  smart: undefined,
  none: undefined,
};

/**
 * Reads a user context assertion whose signature was checked: `iss` = client_id, `sub` = local user id, `aud` = issuer, at
 * most 300 s, and who it is in the form of the API's profile (RFC 7523 section 3; spine-jwt.md sections 3.4, 4 and 13).
 * Pure.
 *
 * @returns what it says, or a sentence for the description of `invalid_grant`, without the received text
 */
export function readUserContext(claims: AssertedClaims, context: Context): Read<Asserted> {
  const { api, client } = context;
  const fault = envelopeFault(claims, context) ?? organizationFault(claims, api, client);
  if (fault !== undefined) return { fault };
  const who = forms[api.profile]?.who(claims, context) ?? { fault: 'no assertion is for this resource' };
  if ('fault' in who) return who;
  return {
    ...who,
    subject: String(claims.sub),
    reason: claims.reason_for_request,
    jti: String(claims.jti),
    endsAt: new Date((Number(claims.exp) + CLOCK_TOLERANCE) * 1000),
  };
}

/** A name as two systems may write it. */
const plainName = (family: string) => family.normalize('NFKC').trim().toLowerCase();

/**
 * Holds what a client says against what our own directory knows: the role, or else the person's roles at the client's
 * organisation, of which she has one at least; and the family name of either. Whom it does not know, it does not contradict
 * (docs/adr/0007).
 *
 * @returns the roles of which one must allow what is asked; undefined if neither person nor role is known here; or a
 *   sentence for the description of `invalid_grant`
 */
export function knownRoles(
  { accounts, roles: hers, role }: Listed,
  { practitioner, sdsUser, roleProfile }: Pick<Asserted, 'practitioner' | 'sdsUser' | 'roleProfile'>,
  client: Client,
): Read<{ roles: readonly PractitionerRole[] | undefined }> {
  // The token has our `iss`, so its `sub` must not be somebody else's here.
  if (accounts.length > 1) return { fault: 'the identifiers are those of several people' };
  if (role !== undefined && role.organization !== client.organization?.key)
    return { fault: 'the role is at another organisation than the client' };
  if (role?.ended) return { fault: 'the role has ended' };
  if (hers?.length === 0) return { fault: 'the person has no role at the organisation of the client' };
  if (hers !== undefined && role === undefined && roleProfile !== undefined)
    return { fault: 'the role is not one that the person has' };
  const roles = role === undefined ? hers : [role];
  const [known] = roles ?? [];
  // Spine Core names the role alone.
  if (known === undefined || practitioner === undefined) return { roles };
  const anotherUser = known.sdsUser !== sdsUser && (sdsUser !== undefined || roleProfile !== undefined);
  const another =
    anotherUser ||
    accounts.some((account) => account !== known.accountId) ||
    plainName(known.family) !== plainName(practitioner.name.family);
  return another ? { fault: 'the role belongs to another person' } : { roles };
}
