import { type Api, hasProvenance } from '../catalogue/index.ts';
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

/** What a client's registration lacks for a token of the API; an English sentence, undefined if nothing is. */
export function provenanceFault(api: Api, client: Client): string | undefined {
  const { asid, device, organization } = client;
  const odsCode = organization?.odsCode;
  if (api.profile === 'spine-core') return spineCore.provenanceFault({ asid, odsCode });
  if (api.profile !== 'gp-connect') return undefined;
  return gpConnect.provenanceFault({ device, organizationName: organization?.name, odsCode });
}

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
  const asked = { reason, allowedReasons: api.reasons };
  const fault =
    api.profile === 'gp-connect'
      ? gpConnect.reasonFault({ ...asked, scopes, isPractice: client.organization?.kind === PRACTICE })
      : spineCore.reasonFault({ ...asked, hasPatient: false });
  return fault === undefined ? { reason } : refuse('invalid_request', fault);
}
