import type { IdentityLevel } from '../accounts/index.ts';
import { asText, isObject, isPlain } from '../text.ts';
import {
  type Identifier,
  isNhi,
  isNhsNumber,
  isOdsCode,
  isSdsRoleProfileId,
  isSdsUserId,
  namingSystems,
} from '../tokens/index.ts';
import type { ClaimMapping, SourceSettings } from './settings.ts';

/** Claims as they came. */
export type Claims = Readonly<Record<string, unknown>>;

/** A role at an organisation, as a provider tells it. */
export interface ToldRole {
  /** SDS role profile id. */
  readonly roleProfile: string;
  /** ODS code of the organisation. */
  readonly odsCode: string;
  /** SDS job role code, such as R8001. */
  readonly jobRole: string;
  readonly name: string;
}

/** Who somebody is in health care, as a provider tells it. */
export interface ToldProfessional {
  /** SDS user id. */
  readonly sdsUser: string;
  readonly family: string;
  readonly given: readonly string[];
  readonly prefix: readonly string[];
  /** The selected role alone, where one was selected. */
  readonly roles: readonly ToldRole[];
}

/** What an identity source told of somebody who signed in there. */
export interface Told {
  readonly subject: string;
  readonly name: string | undefined;
  readonly birthDate: string | undefined;
  readonly identityLevel: IdentityLevel;
  readonly identifiers: readonly Identifier[];
  /** An address that the provider says it has verified; to us no more than a suggestion. */
  readonly email: string | undefined;
  /** Undefined of a source that tells nothing of the kind, and of somebody who does not work in health care. */
  readonly professional: ToldProfessional | undefined;
  /** As what the sign-in counts here. */
  readonly acr: string;
  readonly amr: readonly string[];
  /** When she signed in there, in seconds since 1970, if that was told. */
  readonly signedInAt: number | undefined;
}

/** A claim that cannot be believed: its name and what is wrong, never its value. It ends the reading. */
class WrongClaim extends Error {}

function wrong(claim: string, fault: string): never {
  throw new WrongClaim(`${claim} ${fault}`);
}

const isShown = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= 200 && isPlain(value);

/** A claim that is text to be shown, or is not there. */
function shown(claims: Claims, claim: string | undefined): string | undefined {
  const value = claim === undefined ? undefined : claims[claim];
  if (value === undefined || value === null || value === '') return undefined;
  if (!isShown(value)) wrong(String(claim), 'is not plain text of at most 200 characters');
  return value.trim();
}

/** A text, or a number that a provider wrote without quotes. */
function word(value: unknown): string | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : asText(value);
}

/** OpenID Connect Core section 5.1: a date, or a year alone. A year 0000, which means that it is kept back, is none. */
function birthDate(claims: Claims, claim: string | undefined): string | undefined {
  const value = shown(claims, claim);
  if (value === undefined) return undefined;
  const [, year = '', month = '01', day = '01'] = /^(\d{4})(?:-(\d{2})-(\d{2}))?$/.exec(value) ?? [];
  const at = new Date(`${year}-${month}-${day}T00:00:00Z`);
  const exists = !Number.isNaN(at.getTime()) && at.toISOString().startsWith(`${year}-${month}-${day}`);
  if (year === '0000' || !exists) wrong(String(claim), 'is not a date');
  return value;
}

function identityLevel(claims: Claims, mapping: ClaimMapping['identity_level']): IdentityLevel {
  const value = mapping === undefined ? undefined : claims[mapping.claim];
  if (mapping === undefined || value === undefined || value === null) return 'none';
  const key = word(value);
  const level = key !== undefined && Object.hasOwn(mapping.values, key) ? mapping.values[key] : undefined;
  return level ?? wrong(mapping.claim, 'is none of the identity levels of the source');
}

const checks: Readonly<Record<string, (value: string) => boolean>> = {
  [namingSystems.nhsNumber]: isNhsNumber,
  [namingSystems.nhi]: isNhi,
};

function identifiers(claims: Claims, mapping: ClaimMapping['identifiers']): readonly Identifier[] {
  return mapping.flatMap(({ claim, system }) => {
    const value = claims[claim];
    if (value === undefined || value === null || value === '') return [];
    if (typeof value !== 'string' || !checks[system]?.(value))
      wrong(claim, 'has a wrong check digit or form');
    return [{ system, value }];
  });
}

/** Of a path such as `S8000:G8000:R8001`, or of names in quotes, the last part (spine-jwt.md section 11.1). */
const lastPart = (value: string) => value.split(':').at(-1)?.replaceAll('"', '').trim() ?? '';

type RoleMapping = NonNullable<NonNullable<ClaimMapping['professional']>['roles']>;

function readRole(entry: unknown, mapping: RoleMapping): ToldRole {
  const { claim } = mapping;
  if (!isObject(entry)) wrong(claim, 'is not a list of objects');
  const member = (name: string) => asText(entry[name]) ?? '';
  const [roleProfile, odsCode] = [member(mapping.id), member(mapping.organization)];
  const jobRole = lastPart(member(mapping.job_role));
  const name = mapping.name === undefined ? '' : lastPart(member(mapping.name));
  if (!isSdsRoleProfileId(roleProfile)) wrong(`${claim}.${mapping.id}`, 'is not a role profile id');
  if (!isOdsCode(odsCode)) wrong(`${claim}.${mapping.organization}`, 'is not an ODS code');
  if (!/^R[0-9]{4}$/.test(jobRole)) wrong(`${claim}.${mapping.job_role}`, 'has no job role code');
  return { roleProfile, odsCode, jobRole, name: isShown(name) ? name : jobRole };
}

/** The roles that count: the selected one alone, where one was selected, because only for that one was the person let in. */
function roles(
  claims: Claims,
  { roles: mapping, selected }: NonNullable<ClaimMapping['professional']>,
): readonly ToldRole[] {
  if (mapping === undefined) return [];
  const entries = claims[mapping.claim] ?? [];
  if (!Array.isArray(entries) || entries.length > 500) wrong(mapping.claim, 'is not a list');
  const all = entries.map((entry) => readRole(entry, mapping));
  if (new Set(all.map(({ roleProfile }) => roleProfile)).size < all.length)
    wrong(mapping.claim, 'has a role twice');
  const chosen = selected === undefined ? undefined : claims[selected];
  if (chosen === undefined || chosen === null || chosen === '') return all;
  const role = all.find(({ roleProfile }) => roleProfile === chosen);
  return role === undefined ? wrong(String(selected), 'is none of the roles') : [role];
}

function professional(claims: Claims, mapping: ClaimMapping['professional']): ToldProfessional | undefined {
  const sdsUser = mapping === undefined ? undefined : claims[mapping.user];
  if (mapping === undefined || sdsUser === undefined || sdsUser === null) return undefined;
  if (typeof sdsUser !== 'string' || !isSdsUserId(sdsUser)) wrong(mapping.user, 'is not an SDS user id');
  const given = shown(claims, mapping.given);
  const prefix = shown(claims, mapping.prefix);
  return {
    sdsUser,
    family: shown(claims, mapping.family) ?? wrong(mapping.family, 'is missing'),
    given: given === undefined ? [] : [given],
    prefix: prefix === undefined ? [] : [prefix],
    roles: roles(claims, mapping),
  };
}

/** A sign-in of which nothing is known but that it happened. */
const nothing: { readonly acr: string; readonly amr: readonly string[] } = { acr: '1', amr: ['fed'] };

/**
 * As what the sign-in counts: what the settings say of the claim, of several values the highest, and never more. Only the
 * ID token is asked: it alone is about this sign-in, and is signed.
 */
function assurance(
  idToken: Claims,
  mapping: SourceSettings['assurance'],
): { readonly acr: string; readonly amr: readonly string[] } {
  const values = mapping === undefined ? [] : [idToken[mapping.claim]].flat().map(word);
  const found = values.flatMap((value) =>
    mapping !== undefined && value !== undefined && Object.hasOwn(mapping.values, value)
      ? (mapping.values[value] ?? [])
      : [],
  );
  return found.reduce((best, one) => (one.acr > best.acr || best === nothing ? one : best), nothing);
}

/**
 * Reads what a provider says of somebody, as the settings of the source map it.
 *
 * @param idToken claims of the ID token, whose signature, issuer, audience, nonce and times were found good
 * @param userinfo claims of the userinfo endpoint; where both have a claim, that of the ID token holds
 * @returns all that is believed, or the one claim that is wrong: then nothing of it is
 */
export function readClaims(
  { claims: mapping, assurance: counts }: Pick<SourceSettings, 'claims' | 'assurance'>,
  idToken: Claims,
  userinfo: Claims = {},
): { readonly told: Told } | { readonly fault: string } {
  const claims: Claims = { ...userinfo, ...idToken };
  try {
    const subject = claims.sub;
    if (typeof subject !== 'string' || !/^[!-~ ]{1,255}$/.test(subject))
      wrong('sub', 'is not 1 to 255 ASCII characters');
    const name = mapping.name.flatMap((claim) => shown(claims, claim) ?? []).join(' ');
    // Exactly true: "true", which some providers say, is not.
    const email = claims.email_verified === true ? shown(claims, 'email') : undefined;
    return {
      told: {
        subject,
        name: name === '' ? undefined : name.slice(0, 200).toWellFormed(),
        birthDate: birthDate(claims, mapping.birth_date),
        identityLevel: identityLevel(claims, mapping.identity_level),
        identifiers: identifiers(claims, mapping.identifiers),
        email: email !== undefined && /^[^\s@]+@[^\s@]+$/.test(email) ? email : undefined,
        professional: professional(claims, mapping.professional),
        ...assurance(idToken, counts),
        signedInAt: typeof idToken.auth_time === 'number' ? Math.floor(idToken.auth_time) : undefined,
      },
    };
  } catch (error) {
    if (error instanceof WrongClaim) return { fault: error.message };
    throw error;
  }
}
