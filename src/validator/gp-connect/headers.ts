import { type HeaderFault, header, headersStep, pathOf, proxyHeaders, receiverStep } from '../headers.ts';
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

const headerFault: HeaderFault = (name, what) => `Header ${name} ${what}`;

/**
 * Step 2 of the order of checks: all four headers, `Ssp-To` this server, the interaction known and that of method and
 * path. A missing one is `BAD_REQUEST`, as the error page has it; the reference provider says `INVALID_PARAMETER`.
 */
export function headerSteps(table: readonly Interaction[]): readonly Step[] {
  return [
    headersStep(proxyHeaders, headerFault),
    receiverStep('Ssp-To', headerFault),
    {
      name: 'interaction',
      fault({ request }) {
        const id = header(request, 'Ssp-InteractionID');
        const interaction = table.find((one) => one.id === id);
        if (interaction === undefined) return headerFault('Ssp-InteractionID', 'is not a known interaction');
        return fits(interaction, request)
          ? undefined
          : headerFault('Ssp-InteractionID', 'does not match the method and path of the request');
      },
    },
  ];
}
