import { combinationFault, parseScope, splitScope } from '../../scopes/index.ts';
import { isRead, pathOf } from '../headers.ts';
import { filledText, identifierUnder } from '../json.ts';
import type { Examined, Fault, ResourceRequest } from '../types.ts';
import { interactionOf, interactionsOf } from './headers.ts';
import { endpoints, type Interaction } from './interactions.ts';
import type { Version } from './versions.ts';

/** Step 10 of the order of checks. Where the interaction is not known, each reason of the version will do. */
export function reasonFault(version: Version, { claims, request }: Examined): Fault | undefined {
  const { reasons } = version;
  const reason = claims.reason_for_request;
  if (!reasons.some((one) => one === reason))
    return `JWT claim reason_for_request must be ${reasons.join(' or ')}`;
  const interaction = interactionOf(request, version.interactions);
  if (interaction === undefined) return undefined;
  const fitting = interaction.migration ? 'migration' : 'directcare';
  return reason === fitting
    ? undefined
    : `JWT claim reason_for_request must be ${fitting} for this interaction`;
}

const segment = /^[A-Za-z0-9.-]+$/;

/**
 * The family of an endpoint (API security guidance). A path that is no plain one, an operation above all, belongs to
 * none: who knows where a server's router would take it.
 */
function familyOf(path: string): string | undefined {
  const [start, endpoint = '', ...more] = path.split('/');
  const isPlain = [endpoint, ...more].every((one) => segment.test(one) && one !== '.' && one !== '..');
  return start === '' && isPlain ? endpoints.get(endpoint) : undefined;
}

/**
 * The access values of which a call needs one: that of its interaction, else that of its endpoint. Without a method,
 * those of every call that it may be.
 */
function fittingScopes(version: Version, request: ResourceRequest): readonly string[] {
  const interaction = interactionOf(request, version.interactions);
  if (interaction !== undefined && request.method !== undefined) return [interaction.scope];
  const scopes = interactionsOf(request, version.interactions).map(({ scope }) => scope);
  const family = familyOf(pathOf(request) ?? '');
  if (family === undefined) return scopes;
  const accesses = request.method === undefined ? ['read', 'write'] : [isRead(request) ? 'read' : 'write'];
  return [...new Set([...scopes, ...accesses.map((access) => `${family}/*.${access}`)])];
}

/**
 * Step 11 of the order of checks: one access value and at most one of `conf/N` and `conf/R`, in any order, and those
 * that the call needs. A scope that is not fit for it is `BAD_REQUEST`, as the published tests have it; the JWT page's
 * pointer to RFC 6750 would make it a 403.
 */
export function scopeFault(version: Version, { claims, request }: Examined): Fault | undefined {
  const scopes = splitScope(filledText(claims.requested_scope) ?? '') ?? [];
  const isConf = scopes.some((scope) => scope.startsWith('conf/'));
  const known = scopes.length > 0 && scopes.every((scope) => parseScope('gp-connect', scope));
  if (!known || combinationFault('gp-connect', scopes) !== undefined || (isConf && !version.confidentiality))
    return 'JWT claim requested_scope must be one of patient/*.read, patient/*.write, organization/*.read and organization/*.write, and at most one of conf/N and conf/R';
  if (request.path === undefined) return undefined;
  const fitting = fittingScopes(version, request);
  if (fitting.length === 0) return 'JWT claim requested_scope is not for this path';
  if (!fitting.some((scope) => scopes.includes(scope)))
    return `JWT claim requested_scope must be ${fitting.join(' or ')} for this call`;
  return confidentialityFault(scopes, request, interactionOf(request, version.interactions));
}

/** The confidentiality values: who may see sensitive information in the end, the provider decides. */
function confidentialityFault(
  scopes: readonly string[],
  { sensitive }: ResourceRequest,
  interaction: Interaction | undefined,
): Fault | undefined {
  const restricted = scopes.includes('conf/R');
  if (interaction?.conf === 'required' && !restricted && !scopes.includes('conf/N'))
    return 'JWT claim requested_scope must have conf/N or conf/R for this interaction';
  if (restricted && interaction?.conf === undefined)
    return 'JWT claim requested_scope must not have conf/R for this interaction';
  if (sensitive === true && !restricted)
    return {
      code: 'CONFLICTING_VALUES',
      diagnostics: 'Sensitive information is asked for, but JWT claim requested_scope has no conf/R',
    };
  return interaction?.migration && sensitive === false && restricted
    ? 'JWT claim requested_scope has conf/R, but no sensitive information is asked for'
    : undefined;
}

/** Record transfer is what the token says it is for, or what the call is; one without the other is no way round the rule. */
export const isMigration = (version: Version, { claims, request }: Examined): boolean =>
  claims.reason_for_request === 'migration' ||
  interactionOf(request, version.interactions)?.migration === true;

/**
 * Record transfer: the organisation that asks must be the patient's registered practice on PDS. Only the provider can
 * find that out; where it did not say, nobody is.
 */
export function relationshipFault(version: Version, { claims, request }: Examined): Fault | undefined {
  const odsCode = identifierUnder(version.odsSystem, claims.requesting_organization);
  return odsCode !== undefined && odsCode === request.registeredPractice
    ? undefined
    : {
        code: 'NO_RELATIONSHIP',
        diagnostics:
          "The organisation in JWT claim requesting_organization is not the patient's registered practice",
      };
}
