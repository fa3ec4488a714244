import { type Api, hasSmartLaunch, scopeFamily } from '../catalogue/index.ts';
import { parseScope } from '../scopes/index.ts';

/** How sure a sign-in is that it is her: the levels of assurance of the health API security standard. */
export type AssuranceLevel = 0 | 1 | 2 | 3;

/** Values of `acr`, weakest first: nothing, a password, a password and a code, a passkey. */
export const acrs: readonly string[] = ['0', '1', '2', '3'];
export type Acr = '0' | '1' | '2' | '3';

/**
 * What a sign-in is said to consist of (`amr`, RFC 8176): a password; a one-time code, for which a recovery code counts
 * too; and a passkey, which is kept on one device (`hwk`) or on several (`swk`) and was unlocked by its owner.
 */
export const methods = {
  password: ['pwd'],
  code: ['otp', 'mfa'],
  devicePasskey: ['hwk', 'user', 'mfa'],
  syncedPasskey: ['swk', 'user', 'mfa'],
  // Signed in at an identity source, which counts as a password unless its settings say more; no value of the registry.
  elsewhere: ['fed'],
} as const;

/** `acr` of a sign-in that consisted of these methods. A passkey counts where its owner had to unlock it. */
export function acrOf(amr: readonly string[]): Acr {
  const has = (method: string) => amr.includes(method);
  if ((has('hwk') || has('swk')) && has('user')) return '3';
  if (!has('pwd') && !has('fed')) return '0';
  return has('otp') ? '2' : '1';
}

/** `acr` of somebody who had proved one and types a code as well: the password may have been typed elsewhere. */
export const acrWithCode = (acr: string): string => (levelOf(acr) === 1 ? '2' : acr);

/** The level that an `acr` stands for; 0 for whatever is none of ours. */
export function levelOf(acr: string | undefined): AssuranceLevel {
  return Math.max(0, acrs.indexOf(acr ?? '')) as AssuranceLevel;
}

/** Whether somebody who signed in with this `acr` may go on where a level is needed. */
export const suffices = (acr: string | undefined, level: AssuranceLevel): boolean => levelOf(acr) >= level;

/** The level that a scope asks for: that of its resource type, and for a wildcard the highest of all types. */
function levelOfScope(api: Api, scope: string): number {
  const { types = {} } = api.assurance;
  const parsed = parseScope(scopeFamily(api), scope);
  if (parsed === undefined || !('resource' in parsed)) return 0;
  if (parsed.resource === '*') return Math.max(0, ...Object.values(types));
  return Object.hasOwn(types, parsed.resource) ? (types[parsed.resource] ?? 0) : 0;
}

/**
 * The level that an application itself asks for (`acr_values`, OpenID Connect Core section 3.1.2.1): it is content with any
 * of those that it names, so the lowest that is ours. 0 where it names none.
 */
function levelOfValues(values: string | undefined): number {
  const known = (values ?? '').split(' ').flatMap((value) => {
    const level = acrs.indexOf(value);
    return level < 0 ? [] : [level];
  });
  return known.length === 0 ? 0 : Math.min(...known);
}

/**
 * The level that a request needs (pure): the highest of a sign-in at all, what its API asks for, what the resource types of
 * its scopes ask for there, and what the application asks for.
 *
 * @param request `acrValues`: the parameter as it was sent
 */
export function requiredLevel(request: {
  readonly api: Api | undefined;
  readonly scopes: readonly string[];
  readonly acrValues: string | undefined;
}): AssuranceLevel {
  const { api, scopes, acrValues } = request;
  const asked = api === undefined ? [] : scopes.map((scope) => levelOfScope(api, scope));
  return Math.max(1, api?.requiredAcr ?? 0, ...asked, levelOfValues(acrValues)) as AssuranceLevel;
}

/** Seconds since a sign-in after which it is too old for a request to change a record. */
export const FRESH = 300;

/**
 * Whether a request asks to change the record of a patient (SMART App Launch 2.2: `c`, `u` or `d`, `write` or `*` of v1).
 * A practitioner, who writes all day, is not meant.
 */
export function asksToWrite(api: Api | undefined, scopes: readonly string[]): boolean {
  if (api === undefined || !hasSmartLaunch(api)) return false;
  return scopes.some((scope) => {
    const parsed = parseScope(scopeFamily(api), scope);
    return parsed?.kind === 'smart-resource' && parsed.context === 'patient' && /[cud]/.test(parsed.letters);
  });
}
