import { header, headerValues, pathOf, proxyHeaders } from '../headers.ts';
import type { ResourceRequest, Step } from '../types.ts';
import { fits, type Interaction } from './interactions.ts';

/** The interactions that a request may be by its method and path; where no method is known, by its path. */
export function interactionsOf(
  request: ResourceRequest,
  table: readonly Interaction[],
): readonly Interaction[] {
  const path = pathOf(request) ?? '';
  return request.method === undefined
    ? table.filter(({ pattern }) => pattern.test(path))
    : table.filter((one) => fits(one, request));
}

/**
 * The interaction of a request: method and path decide. Where they are those of several, the one that the header names;
 * else the first, which carries no migration.
 */
export function interactionOf(
  request: ResourceRequest,
  table: readonly Interaction[],
): Interaction | undefined {
  const candidates = interactionsOf(request, table);
  return candidates.find(({ id }) => id === header(request, 'Ssp-InteractionID')) ?? candidates[0];
}

/**
 * Step 2 of the order of checks: all four headers, `Ssp-To` this server, the interaction known and that of method and
 * path. A missing one is `BAD_REQUEST`, as the error page has it; the reference provider says `INVALID_PARAMETER`.
 */
export function headerSteps(table: readonly Interaction[]): readonly Step[] {
  return [
    {
      name: 'headers',
      fault({ request }) {
        const missing = proxyHeaders.find((name) => headerValues(request, name).length === 0);
        if (missing !== undefined) return `Header ${missing} is missing`;
        const repeated = proxyHeaders.find((name) => header(request, name) === undefined);
        return repeated && `Header ${repeated} must be given once`;
      },
    },
    {
      name: 'receiver',
      fault: ({ request, options }) =>
        options.asids.includes(header(request, 'Ssp-To') ?? '')
          ? undefined
          : 'Header Ssp-To is not the ASID of this server',
    },
    {
      name: 'interaction',
      fault({ request }) {
        const id = header(request, 'Ssp-InteractionID');
        const interaction = table.find((one) => one.id === id);
        if (interaction === undefined) return 'Header Ssp-InteractionID is not a known interaction';
        return fits(interaction, request)
          ? undefined
          : 'Header Ssp-InteractionID does not match the method and path of the request';
      },
    },
  ];
}
