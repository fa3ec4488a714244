import type { KnownIdentity } from '../../accounts/index.ts';
import type { Organizations } from '../../organizations/index.ts';
import type { Practitioners } from '../../practitioners/index.ts';
import { namingSystems } from '../../tokens/index.ts';

/** Claims of the scope `identity`: how far it was proved who she is, and what health care knows her by. */
export const identityClaimNames = ['identity_level', 'birthdate', 'nhs_number', 'nhi'];

/** Claims of the scope `practitioner`: who she is in health care, and her roles at organisations. */
export const practitionerClaimNames = ['sds_user_id', 'family_name', 'given_name', 'title', 'roles'];

/**
 * What applications that are registered for it learn of a person: other identity services above all, of which a second Assent
 * is one (docs/identity-sources.md). `birthdate`, `family_name` and `given_name` are those of OpenID Connect Core section 5.1;
 * the others have no standard.
 */
export interface IdentityClaims {
  /** @param scopes of which `identity` and `practitioner` have claims */
  of(accountId: string, scopes: readonly string[]): Promise<Record<string, unknown>>;
}

/** Makes the claims. @param knownIdentity what is known of who somebody is */
export function createIdentityClaims(options: {
  knownIdentity: (accountId: string) => Promise<KnownIdentity | undefined>;
  practitioners: Pick<Practitioners, 'whole'>;
  organizations: Pick<Organizations, 'all'>;
}): IdentityClaims {
  const { knownIdentity, practitioners, organizations } = options;

  async function identity(accountId: string): Promise<Record<string, unknown>> {
    const known = await knownIdentity(accountId);
    const numberOf = (system: string) => known?.identifiers.find((one) => one.system === system)?.value;
    return {
      identity_level: known?.identityLevel,
      birthdate: known?.birthDate,
      nhs_number: numberOf(namingSystems.nhsNumber),
      nhi: numberOf(namingSystems.nhi),
    };
  }

  async function practitioner(accountId: string): Promise<Record<string, unknown>> {
    const whole = await practitioners.whole(accountId);
    if (whole === undefined) return {};
    const all = await organizations.all();
    return {
      sds_user_id: whole.sdsUser,
      family_name: whole.family,
      given_name: whole.given.join(' ') || undefined,
      title: whole.prefix.join(' ') || undefined,
      // Elsewhere a role means something only by the national names of role and organisation.
      roles: whole.roles.flatMap(({ organization, roleProfile, jobRole, name }) => {
        const odsCode = all.find(({ key }) => key === organization)?.odsCode;
        if (odsCode === undefined || roleProfile === undefined) return [];
        return [{ role_profile: roleProfile, organization: odsCode, job_role: jobRole, name }];
      }),
    };
  }

  return {
    async of(accountId, scopes) {
      return {
        ...(scopes.includes('identity') ? await identity(accountId) : {}),
        ...(scopes.includes('practitioner') ? await practitioner(accountId) : {}),
      };
    },
  };
}
