import { header, headersStep, headerValues, pathOf, receiverStep } from '../headers.ts';
import type { Dialect, Examined, Fault, ResourceRequest, Step } from '../types.ts';
import { roleProfileFault } from './identifiers.ts';
import { claimSteps, headerFault, scopeFault, scopesOf, texts } from './spine-core.ts';

const prefix = 'urn:nhs:names:services:raflags:';

/** One interaction of the Reasonable Adjustments API. */
interface Interaction {
  readonly id: string;
  /** The methods with the paths below the service root. */
  readonly calls: readonly (readonly [method: string, path: RegExp])[];
  /** Scopes of which the token must have one; none where the page does not state any. */
  readonly scopes: readonly string[];
}

const isType = (type: string) => new RegExp(`^/${type}(?:/[A-Za-z0-9.-]{1,64})?$`);
const isInstance = (type: string) => new RegExp(`^/${type}/[A-Za-z0-9.-]{1,64}$`);
const isWhole = (type: string) => new RegExp(`^/${type}$`);

const reading = (type: string, ...scopes: string[]): Interaction => ({
  id: `${prefix}${type}.read:1`,
  calls: [['GET', isType(type)]],
  scopes: [`user/${type}.read`, ...scopes],
});

/** A delete may name the resource in the path or by search. Only lists are updated. */
const writing = (type: string, ...calls: Interaction['calls']): Interaction => ({
  id: `${prefix}${type}.write:1`,
  calls: [['POST', isWhole(type)], ['DELETE', isType(type)], ...calls],
  scopes: [`user/${type}.write`],
});

/**
 * The interactions of Reasonable Adjustments (its JWT and header pages). The scope for reading conditions is printed
 * without `.read`, so that spelling is taken as well.
 */
export const reasonableAdjustmentsInteractions: readonly Interaction[] = [
  reading('Consent'),
  reading('Flag'),
  reading('Condition', 'user/Condition'),
  reading('List'),
  writing('Consent'),
  writing('Flag'),
  writing('Condition'),
  writing('List', ['PUT', isInstance('List')]),
  { id: `${prefix}removeflag.write:1`, calls: [['POST', /\/\$removeflag$/]], scopes: [] },
];

function fits({ calls }: Interaction, request: ResourceRequest): boolean {
  const path = pathOf(request) ?? '';
  return calls.some(([method, form]) => method === request.method && form.test(path));
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const traceStep: Step = {
  name: 'trace',
  fault: ({ request }) =>
    uuid.test(header(request, 'TraceID') ?? '') ? undefined : headerFault('TraceID', 'must be a UUID'),
};

const interactionStep: Step = {
  name: 'interaction',
  fault({ request }) {
    const id = header(request, 'InteractionID');
    const interaction = reasonableAdjustmentsInteractions.find((one) => one.id === id);
    if (interaction === undefined) return headerFault('InteractionID', 'is not a known interaction');
    return fits(interaction, request)
      ? undefined
      : headerFault('InteractionID', 'does not match the method and path of the request');
  },
};

/** Creating and updating answer with what was written; an update says which version it replaces. */
const writeHeadersStep: Step = {
  name: 'write headers',
  fault({ request }) {
    const creates = request.method === 'POST' && !pathOf(request)?.endsWith('/$removeflag');
    const updates = request.method === 'PUT';
    if (updates && headerValues(request, 'If-Match').length === 0)
      return headerFault('If-Match', 'is missing');
    return (creates || updates) && header(request, 'Prefer') !== 'return=representation'
      ? headerFault('Prefer', 'must be return=representation')
      : undefined;
  },
};

/** `sub` is a role profile here: a person without a national role has no access. */
const roleStep: Step = { name: 'role', fault: ({ claims }) => roleProfileFault(claims) };

/** The scope of the call; where nothing is known of it, that of any call. */
function requiredScopeFault(examined: Examined): Fault | undefined {
  const { request } = examined;
  const held = scopesOf(examined);
  const isThere = ({ scopes }: Interaction) => scopes.some((scope) => held.includes(scope));
  if (request.path === undefined)
    return reasonableAdjustmentsInteractions.some(isThere) ? undefined : scopeFault(examined);
  const interaction = reasonableAdjustmentsInteractions.find((one) => fits(one, request));
  const isFit = interaction && (interaction.scopes.length === 0 || isThere(interaction));
  return isFit ? undefined : scopeFault(examined);
}

/** Reasonable Adjustments: Spine Core for professionals with a national role, directly at the Spine. */
export const reasonableAdjustments: Dialect = {
  code: 'MISSING_OR_INVALID_HEADER',
  texts,
  headers: [
    headersStep(['FromASID', 'ToASID', 'TraceID', 'InteractionID'], headerFault),
    traceStep,
    receiverStep('ToASID', headerFault),
    interactionStep,
    writeHeadersStep,
  ],
  claims: claimSteps({
    sender: 'FromASID',
    demanded: ['requesting_organization', 'requesting_user'],
    who: [roleStep],
    reason: ({ claims }) =>
      claims.reason_for_request === 'directcare'
        ? undefined
        : 'JWT claim reason_for_request must be directcare',
    scope: requiredScopeFault,
  }),
};
