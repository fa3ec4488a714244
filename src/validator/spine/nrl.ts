import { header, headersStep, isRead, proxyHeaders, receiverStep } from '../headers.ts';
import { member } from '../json.ts';
import type { Dialect, Examined, Fault, Step } from '../types.ts';
import { isPatientClaim, roleProfileFault } from './identifiers.ts';
import { claimSteps, headerFault, scopeFault, scopesOf, texts } from './spine-core.ts';

/** The interaction of a retrieval through the proxy (NRL page on the Spine Secure Proxy). */
export const retrievalInteraction = 'urn:nhs:names:services:nrl:DocumentReference.content.read';

/** The flows of the NRL JWT page. A citizen who asks for another is the citizen's flow with `act`. */
type Flow = 'professional' | 'citizen' | 'unattended';

/** Which flow a token is: that of the person it has. A token with both persons is none that the page knows. */
function flowOf({ claims }: Examined): Flow {
  if (claims.requesting_user !== undefined) return 'professional';
  return claims.requesting_patient === undefined ? 'unattended' : 'citizen';
}

const flowStep: Step = {
  name: 'flow',
  fault(examined) {
    const { claims } = examined;
    const flow = flowOf(examined);
    if (flow === 'professional' && claims.requesting_patient !== undefined)
      return 'requesting_user and requesting_patient must not both be supplied';
    const fault = flow === 'professional' ? roleProfileFault(claims) : undefined;
    if (fault !== undefined || claims.act === undefined) return fault;
    if (flow !== 'citizen') return 'act must only be supplied with requesting_patient';
    return isPatientClaim(member(claims.act, 'sub'))
      ? undefined
      : 'act.sub must be of the form [https://fhir.nhs.net/Id/nhs-number|[NHSNumber]]';
  },
};

function reasonFault(examined: Examined): Fault | undefined {
  const reason = flowOf(examined) === 'citizen' ? 'patientaccess' : 'directcare';
  return examined.claims.reason_for_request === reason
    ? undefined
    : `JWT claim reason_for_request must be ${reason} in this flow`;
}

/**
 * `scope` is exactly one value: that for reading of consumers, or that for writing of providers. Only providers call
 * without a person.
 *
 * @param resource what the two values are about
 */
function scopeCheck(resource: 'DocumentReference' | '*') {
  const [read, write] = [`patient/${resource}.read`, `patient/${resource}.write`];
  return (examined: Examined): Fault | undefined => {
    const { method } = examined.request;
    const byMethod =
      method === undefined || resource === '*' ? [read, write] : [isRead(examined.request) ? read : write];
    const fitting =
      flowOf(examined) === 'unattended' ? byMethod.filter((scope) => scope === write) : byMethod;
    const [scope, ...more] = scopesOf(examined);
    return more.length === 0 && fitting.some((one) => one === scope) ? undefined : scopeFault(examined);
  };
}

const claims = (resource: 'DocumentReference' | '*', sender: string) =>
  claimSteps({
    sender,
    demanded: ['requesting_organization'],
    who: [flowStep],
    reason: reasonFault,
    scope: scopeCheck(resource),
  });

/** A call to the NRL itself (NRL JWT and error pages). */
export const nrl: Dialect = {
  code: 'MISSING_OR_INVALID_HEADER',
  texts,
  headers: [headersStep(['fromASID', 'toASID'], headerFault), receiverStep('toASID', headerFault)],
  claims: claims('DocumentReference', 'fromASID'),
};

/** The retrieval of a record from its holder, through the proxy. */
export const nrlRetrieval: Dialect = {
  code: 'MISSING_OR_INVALID_HEADER',
  texts,
  headers: [
    headersStep(proxyHeaders, headerFault),
    receiverStep('Ssp-To', headerFault),
    {
      name: 'interaction',
      fault: ({ request }) =>
        header(request, 'Ssp-InteractionID') === retrievalInteraction && request.method === 'GET'
          ? undefined
          : headerFault('Ssp-InteractionID', 'does not match the request'),
    },
  ],
  claims: claims('*', 'Ssp-From'),
};
