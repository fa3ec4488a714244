import { type OperationOutcome, outcomeOf } from './outcome.ts';

type Row = readonly [status: number, issue: string, diagnostics: (...about: string[]) => string];

/**
 * The answers that the Spine Secure Proxy makes itself (GP Connect error handling page), for a resource server that stands
 * behind none and looks at endpoints, ASIDs and pairs of them on its own. No text is published for the two `not-supported`.
 */
const rows = {
  endpointVaries: [400, 'invalid', (url, target) => `ENDPOINT_${url}_VARIES_FROM_TARGETURL_${target}`],
  senderNotAllowed: [403, 'forbidden', (asid) => `ASID_CHECK_FAILED_MESSAGESENDER_${asid}`],
  receiverNotAllowed: [
    403,
    'forbidden',
    (asid) => `PARTYKEY_INTERACTION_CHECK_FAILED_MESSAGERECEIVER_${asid}`,
  ],
  pairNotAllowed: [
    403,
    'forbidden',
    (sender, receiver) => `FOT_CHECK_FAILED_MESSAGESENDER_${sender}_MESSAGERECEIVER_${receiver}`,
  ],
  methodNotSupported: [405, 'not-supported', (method) => `The method ${method} is not supported`],
  mediaTypeNotSupported: [415, 'not-supported', (type) => `The media type ${type} is not supported`],
  noCommunication: [502, 'transient', (url) => `ERROR_COMMUNICATING_TO_ENDPOINT_URL_${url}`],
} as const satisfies Record<string, Row>;

export type ProxyFault = keyof typeof rows;

/**
 * Makes the answer that the proxy would give. Its code system is its own, and the code the HTTP number.
 *
 * @param about what the text is about: URLs, ASIDs (sender, then receiver), a method or a media type
 */
export function proxyOutcome(
  fault: ProxyFault,
  ...about: string[]
): { status: number; outcome: OperationOutcome } {
  const row: Row = rows[fault];
  const [status, code, diagnostics] = row;
  const system = 'http://fhir.nhs.net/ValueSet/gpconnect-schedule-response-code-1-0';
  return {
    status,
    outcome: outcomeOf('https://fhir.nhs.uk/STU3/StructureDefinition/GPConnect-OperationOutcome-1', {
      severity: 'error',
      code,
      details: { coding: [{ system, code: String(status) }] },
      diagnostics: diagnostics(...about),
    }),
  };
}
