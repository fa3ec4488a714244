import type { Organization } from '../organizations/index.ts';
import type { PractitionerRecord } from '../practitioners/index.ts';
import type { ToldProfessional } from './claims.ts';

type Roles = PractitionerRecord['roles'];

/** A professional identity as it is known here, with the roles of before. */
export type KnownProfessional = PractitionerRecord & { readonly ended: Roles };

/**
 * The professional identity that somebody has after a sign-in at a source. Her national roles are those that were told, at
 * organisations that exist here; a role that she had before keeps its id, because decisions hang on it. Roles without a
 * national id are our own directory's, and stay.
 *
 * @param newId makes the id of a role
 */
export function professionalAfter(options: {
  accountId: string;
  told: ToldProfessional;
  known: KnownProfessional | undefined;
  organizations: readonly Organization[];
  newId: () => string;
}): PractitionerRecord {
  const { accountId, told, known, organizations, newId } = options;
  const before = [...(known?.roles ?? []), ...(known?.ended ?? [])];
  const national = told.roles.flatMap(({ roleProfile, odsCode, jobRole, name }) => {
    const organization = organizations.find((one) => one.odsCode === odsCode)?.key;
    if (organization === undefined) return [];
    const same = before.find((one) => one.roleProfile === roleProfile && one.organization === organization);
    return [{ id: same?.id ?? newId(), organization, roleProfile, jobRole, name }];
  });
  const { sdsUser, family, given, prefix } = told;
  const own = (known?.roles ?? []).filter(({ roleProfile }) => roleProfile === undefined);
  return { accountId, sdsUser, family, given, prefix, roles: [...own, ...national] };
}

const inOrder = (roles: Roles) => [...roles].sort((one, other) => (one.id < other.id ? -1 : 1));

/** Whether there is anything to write. */
export function isSame(known: KnownProfessional | undefined, after: PractitionerRecord): boolean {
  if (known === undefined) return false;
  const comparable = ({ sdsUser, family, given, prefix, roles }: PractitionerRecord) =>
    JSON.stringify([
      ...[sdsUser, family, given, prefix],
      inOrder(roles).map(({ id, organization, roleProfile, jobRole, name }) => {
        return [id, organization, roleProfile, jobRole, name];
      }),
    ]);
  return comparable(known) === comparable(after);
}
