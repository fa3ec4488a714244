import { type Api, scopeFamily } from '../../catalogue/index.ts';
import { overlaps } from '../../scopes/index.ts';

/**
 * What an API may say that a token is used for: the letter of the scope (SMART App Launch 2.2, scopes) that opens it; none for an
 * interaction with the whole system (FHIR R4, TypeRestfulInteraction and SystemRestfulInteraction).
 */
const interactions: ReadonlyMap<string, string | undefined> = new Map([
  ['read', 'r'],
  ['vread', 'r'],
  ['history-instance', 'r'],
  ['history-type', 'r'],
  ['search-type', 's'],
  ['create', 'c'],
  ['update', 'u'],
  ['patch', 'u'],
  ['delete', 'd'],
  ['search-system', undefined],
  ['history-system', undefined],
  ['transaction', undefined],
  ['batch', undefined],
]);

/** Name of a FHIR resource type. */
const resourceType = /^[A-Z][A-Za-z]{2,63}$/;

/** What an API says that a token is used for. */
export interface ReportedUse {
  /** Code of the interaction, such as `search-type`. */
  readonly interaction: string;
  /** FHIR resource type; undefined for an interaction with the whole system. */
  readonly resource: string | undefined;
}

/**
 * Reads the context that a resource server may give beside a token (RFC 7662 section 2.1): `fhir_interaction` and
 * `fhir_resource`.
 *
 * @param given the parameters as they were sent; undefined: left out
 * @returns undefined where nothing is said, or a sentence about what is wrong
 */
export function readUse(given: {
  interaction: unknown;
  resource: unknown;
}): ReportedUse | { readonly fault: string } | undefined {
  const { interaction, resource } = given;
  if (interaction === undefined && resource === undefined) return undefined;
  if (typeof interaction !== 'string' || !interactions.has(interaction))
    return { fault: `fhir_interaction must be one of ${[...interactions.keys()].join(', ')}` };
  if (interactions.get(interaction) === undefined)
    return resource === undefined
      ? { interaction, resource }
      : { fault: `fhir_resource does not go with ${interaction}` };
  return typeof resource === 'string' && resourceType.test(resource)
    ? { interaction, resource }
    : { fault: 'fhir_resource must be the name of one FHIR resource type' };
}

/**
 * Whether the scopes of a token open that at all. Where they do not the API has to refuse it, and nothing was used; the API's own
 * rules may be stricter still. Families of scopes without resource types open what they open.
 */
export function opensUse(
  api: Api,
  scopes: readonly string[],
  { interaction, resource }: ReportedUse,
): boolean {
  const letter = interactions.get(interaction);
  if (scopeFamily(api) !== 'smart' || resource === undefined || letter === undefined) return true;
  return scopes.some((scope) =>
    ['patient', 'user', 'system'].some((whose) => overlaps('smart', scope, `${whose}/${resource}.${letter}`)),
  );
}
