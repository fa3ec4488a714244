import { covers, parseScope, splitScope } from '../../scopes/index.ts';
import { spineCore as profile } from '../../tokens/index.ts';
import { type HeaderFault, headersStep, receiverStep } from '../headers.ts';
import { filledText, isMissing } from '../json.ts';
import { lifetimeStep } from '../lifetime.ts';
import type { Dialect, Examined, Fault, Step } from '../types.ts';
import { formStep, provenanceStep, shown, subjectStep } from './identifiers.ts';

/** The first messages of the family's validation table (Spine Core JWT page). */
export const texts = {
  noAuthorization: 'The Authorisation header must be supplied',
  notThreeParts: 'The JWT associated with the Authorisation header must have the 3 sections',
};

const claimTexts = ['iss', 'sub', 'aud', 'reason_for_request', 'scope'];
const mandatory = ['iss', 'sub', 'aud', 'exp', 'iat', 'reason_for_request', 'scope', 'requesting_system'];

/** The scopes of a token. */
export const scopesOf = ({ claims }: Examined): readonly string[] =>
  splitScope(filledText(claims.scope) ?? '') ?? [];

/** The one message that all scope faults have. */
export const scopeFault = ({ claims }: Examined): Fault =>
  `Required scopes not found in token (${shown(filledText(claims.scope) ?? '')})`;

/** A fault of a header other than `Authorization`: the same code with the issue type `invalid` (NRL error page). */
export const invalidHeader = (diagnostics: string): Fault => ({
  code: 'MISSING_OR_INVALID_HEADER',
  diagnostics,
  issue: 'invalid',
});

/** A fault of a header in this family's words. */
export const headerFault: HeaderFault = (name, what) => invalidHeader(`${name} HTTP Header ${what}`);

function presenceFault({ claims, options }: Examined, demanded: readonly string[]): Fault | undefined {
  const missing = [...mandatory, ...demanded, ...(options.mandatory ?? [])].find((name) =>
    isMissing(claims[name]),
  );
  if (missing !== undefined)
    return `The mandatory claim [${missing}] from the JWT associated with the Authorisation header is missing`;
  const odd = claimTexts.find((name) => typeof claims[name] !== 'string');
  return odd && `JWT claim ${odd} must be a string`;
}

/**
 * The checks of the claims in the order of the GP Connect ones, as both families share it. What differs between the APIs
 * of the family comes in.
 *
 * @param api.sender the header in which the caller's ASID stands
 * @param api.demanded claims beyond the mandatory ones
 * @param api.who checks of who asks, beyond the common ones
 */
export function claimSteps(api: {
  sender: string;
  demanded: readonly string[];
  who: readonly Step[];
  reason: (examined: Examined) => Fault | undefined;
  scope: (examined: Examined) => Fault | undefined;
}): Step[] {
  return [
    { name: 'mandatory claims', fault: (examined) => presenceFault(examined, api.demanded) },
    formStep,
    lifetimeStep,
    ...api.who,
    subjectStep,
    provenanceStep(api.sender),
    {
      name: 'audience',
      fault: ({ claims, options }) =>
        options.audiences.some((one) => one === claims.aud)
          ? undefined
          : 'JWT claim aud is not this endpoint',
    },
    { name: 'reason', fault: api.reason },
    { name: 'scope', fault: api.scope },
  ];
}

/** The three values of the family; `patientaccess` only where a patient asks for herself. */
function reasonFault({ claims }: Examined): Fault | undefined {
  const hasPatient = claims.requesting_patient !== undefined && claims.requesting_user === undefined;
  const reason = filledText(claims.reason_for_request) ?? '';
  const fault = profile.reasonFault({ reason, allowedReasons: profile.reasons, hasPatient });
  return fault && `JWT claim ${fault}`;
}

/** Every scope that the call needs is covered by the token; where it says none, one that is recognised will do. */
function requiredScopesFault(examined: Examined): Fault | undefined {
  const held = scopesOf(examined);
  const { scopes: needed } = examined.request;
  const isThere = needed
    ? needed.every((scope) => held.some((one) => covers('spine', one, scope)))
    : held.some((one) => parseScope('spine', one));
  return isThere ? undefined : scopeFault(examined);
}

/**
 * Spine Core (its JWT page). Which scopes and further headers a call has, each of its APIs says for itself; sender and
 * receiver have the names that the page's own messages use.
 */
export const spineCore: Dialect = {
  code: 'MISSING_OR_INVALID_HEADER',
  texts,
  headers: [headersStep(['FromASID', 'ToASID'], headerFault), receiverStep('ToASID', headerFault)],
  claims: claimSteps({
    sender: 'FromASID',
    demanded: [],
    who: [],
    reason: reasonFault,
    scope: requiredScopesFault,
  }),
};
