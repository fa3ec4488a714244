import { type Api, hasProvenance, type TokenProfile } from '../catalogue/index.ts';
import type { Client } from '../clients/index.ts';
import { gpConnect, spineCore } from '../tokens/index.ts';
import { type Refusal, refuse } from './refusal.ts';

/** Kind of the organisations that patients are registered with. */
const PRACTICE = 'GP practice';

/** Names of the calling system, which are nobody's. */
export function machineNames({ clientId, asid, device, organization }: Client): string[] {
  const machine = [clientId, asid, device?.identifier.value, device?.model];
  const names = [...machine, organization?.odsCode, organization?.name];
  return names.filter((name) => name !== undefined);
}

/** What a profile wants to know of a registration, and which reasons it takes; each answers with a fault or undefined. */
interface Provenance {
  fault(client: Client): string | undefined;
  reasonFault(asked: {
    reason: string;
    allowedReasons: readonly string[];
    scopes: readonly string[];
    client: Client;
  }): string | undefined;
}

const nothing: Provenance = { fault: () => undefined, reasonFault: () => undefined };

const provenances: Readonly<Record<TokenProfile, Provenance>> = {
  'spine-core': {
    fault: ({ asid, organization }) => spineCore.provenanceFault({ asid, odsCode: organization?.odsCode }),
    reasonFault: ({ reason, allowedReasons }) =>
      spineCore.reasonFault({ reason, allowedReasons, hasPatient: false }),
  },
  'gp-connect': {
    fault: ({ device, organization }) =>
      gpConnect.provenanceFault({
        device,
        organizationName: organization?.name,
        odsCode: organization?.odsCode,
      }),
    reasonFault: ({ client, ...asked }) =>
      gpConnect.reasonFault({ ...asked, isPractice: client.organization?.kind === PRACTICE }),
  },
  smart: nothing,
  none: nothing,
};

/** What a client's registration lacks for a token of the API; an English sentence, undefined if nothing is. */
export const provenanceFault = (api: Api, client: Client): string | undefined =>
  provenances[api.profile].fault(client);

/**
 * Reads `reason_for_request`: the API's first reason where none is given.
 *
 * @returns the reason, undefined at an API whose tokens have none, or the refusal
 */
export function reasonOf(
  api: Api,
  client: Client,
  { reason: given, scopes }: { reason: unknown; scopes: readonly string[] },
): { readonly reason: string | undefined } | Refusal {
  if (!hasProvenance(api)) return { reason: undefined };
  const reason = given === undefined ? api.reasons[0] : given;
  if (typeof reason !== 'string') return refuse('invalid_request', 'reason_for_request must be given once');
  const asked = { reason, allowedReasons: api.reasons, scopes, client };
  const fault = provenances[api.profile].reasonFault(asked);
  return fault === undefined ? { reason } : refuse('invalid_request', fault);
}
