import { type Api, scopeFamily } from '../catalogue/index.ts';
import { isIdentityScope } from '../clients/index.ts';
import { aboveCeiling, type PractitionerRole } from '../practitioners/index.ts';

/** In which role somebody asks. */
export type RoleChoice =
  /** The tokens of the API name no role, or nobody is signed in yet. */
  | { readonly kind: 'none' }
  /** She has no role at the client's organisation. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'chosen'; readonly role: PractitionerRole }
  /** She has several and has to say which. */
  | { readonly kind: 'open'; readonly roles: readonly PractitionerRole[] };

/**
 * Chooses among the roles that somebody has at the client's organisation (spine-jwt.md section 13, rule 9). Pure.
 *
 * @param chosen id of the role that she named, if she did
 */
export function chooseRole(roles: readonly PractitionerRole[], chosen: unknown): RoleChoice {
  const [only] = roles;
  if (only === undefined) return { kind: 'missing' };
  // A choice that holds no more is no reason to take what is left of them.
  const role = roles.length === 1 && chosen === undefined ? only : roles.find(({ id }) => id === chosen);
  return role === undefined ? { kind: 'open', roles } : { kind: 'chosen', role };
}

/** The scopes of an API that are above what somebody may have in a role, identity scopes apart. */
export function aboveRole(role: PractitionerRole, api: Api, scopes: readonly string[]): string[] {
  const asked = scopes.filter((scope) => !isIdentityScope(scope));
  return aboveCeiling(role.jobRole, scopeFamily(api), asked);
}
