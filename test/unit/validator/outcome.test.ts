import { describe, expect, test } from 'vitest';
import {
  type ErrorCode,
  errorCodes,
  operationOutcome,
  type ProxyFault,
  proxyOutcome,
} from '../../../src/validator/index.ts';
import { fernhillAsid, millbrookAsid, send, signed, structured } from './world.ts';

/** The first table of 8.1, and what 8.3 adds: status, issue type, codes. */
const table: [status: number, issue: string, codes: ErrorCode[]][] = [
  [400, 'invalid', ['BAD_REQUEST', 'CONFLICTING_VALUES']],
  [400, 'value', ['INVALID_IDENTIFIER_SYSTEM', 'INVALID_IDENTIFIER_VALUE', 'INVALID_NHS_NUMBER']],
  [400, 'business-rule', ['INVALID_PATIENT_DEMOGRAPHICS']],
  [403, 'forbidden', ['NO_PATIENT_CONSENT', 'NO_ORGANISATION_CONSENT', 'ACCESS_DENIED', 'NO_RELATIONSHIP']],
  [
    404,
    'not-found',
    ['ORGANISATION_NOT_FOUND', 'PATIENT_NOT_FOUND', 'PRACTITIONER_NOT_FOUND', 'NO_RECORD_FOUND'],
  ],
  [409, 'duplicate', ['DUPLICATE_REJECTED']],
  [422, 'invalid', ['INVALID_RESOURCE', 'INVALID_PARAMETER', 'REFERENCE_NOT_FOUND']],
  [500, 'processing', ['INTERNAL_SERVER_ERROR']],
  [501, 'not-supported', ['NOT_IMPLEMENTED']],
  [400, 'structure', ['MISSING_OR_INVALID_HEADER']],
  [400, 'invalid', ['REQUEST_UNMATCHED']],
  [403, 'forbidden', ['ACCESS_DENIED_SSL', 'ASID_CHECK_FAILED']],
  [401, 'forbidden', ['AUTHOR_CREDENTIALS_ERROR']],
];
const rows = table.flatMap(([status, issue, codes]) => codes.map((code) => ({ status, issue, code })));

test('every code has a row', () => {
  expect(rows.map(({ code }) => code).sort()).toEqual(Object.keys(errorCodes).sort());
});

describe('8.1 and 8.3 error codes', () => {
  test.each(rows)('$status $issue $code', ({ status, issue, code }) => {
    const answer = operationOutcome({ profile: 'gp-connect', code, diagnostics: 'why' });
    expect(answer).toMatchObject({
      status,
      outcome: {
        resourceType: 'OperationOutcome',
        meta: { profile: ['https://fhir.nhs.uk/STU3/StructureDefinition/GPConnect-OperationOutcome-1'] },
        issue: [
          {
            severity: code === 'AUTHOR_CREDENTIALS_ERROR' ? 'fatal' : 'error',
            code: issue,
            details: {
              coding: [
                {
                  system: 'https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1',
                  code,
                  display: expect.stringMatching(/./),
                },
              ],
            },
            diagnostics: 'why',
          },
        ],
      },
    });
  });
});

test.each([
  ['gp-connect', 'ValueSet', 'https://fhir.nhs.uk/STU3/ValueSet/Spine-ErrorOrWarningCode-1'],
  ['gp-connect', 'CodeSystem', 'https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1'],
  ['gp-connect-0', 'CodeSystem', 'http://fhir.nhs.net/ValueSet/gpconnect-error-or-warning-code-1'],
  ['nrl', 'CodeSystem', 'https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1'],
] as const)('the coding of %s with %s', async (profile, coding, system) => {
  const answer = await send(profile, 'no token', {}, { coding });
  expect(answer).toMatchObject({ outcome: { issue: [{ details: { coding: [{ system }] } }] } });
});

test('the coding up to 1.6.0 is the value set, from 1.6.1 (and unless told) the code system', async () => {
  const token = await signed({ ...structured, aud: 'https://elsewhere.example' });
  const systemOf = async (options: object) => JSON.stringify(await send('gp-connect', token, {}, options));
  expect(await systemOf({ coding: 'ValueSet' })).toContain('/STU3/ValueSet/Spine-ErrorOrWarningCode-1');
  expect(await systemOf({})).toContain('/STU3/CodeSystem/Spine-ErrorOrWarningCode-1');
});

describe('8.2 answers made by the proxy itself', () => {
  const url = 'https://gp.millbrook.example.test/a';
  const rows: [ProxyFault, string[], number, string, string | RegExp][] = [
    ['endpointVaries', [url, `${url}/b`], 400, 'invalid', `ENDPOINT_${url}_VARIES_FROM_TARGETURL_${url}/b`],
    ['senderNotAllowed', [fernhillAsid], 403, 'forbidden', 'ASID_CHECK_FAILED_MESSAGESENDER_200000990800'],
    [
      'receiverNotAllowed',
      [millbrookAsid],
      403,
      'forbidden',
      'PARTYKEY_INTERACTION_CHECK_FAILED_MESSAGERECEIVER_200000990901',
    ],
    [
      'pairNotAllowed',
      [fernhillAsid, millbrookAsid],
      403,
      'forbidden',
      'FOT_CHECK_FAILED_MESSAGESENDER_200000990800_MESSAGERECEIVER_200000990901',
    ],
    ['methodNotSupported', ['PATCH'], 405, 'not-supported', 'The method PATCH is not supported'],
    [
      'mediaTypeNotSupported',
      ['text/html'],
      415,
      'not-supported',
      'The media type text/html is not supported',
    ],
    ['noCommunication', [url], 502, 'transient', `ERROR_COMMUNICATING_TO_ENDPOINT_URL_${url}`],
  ];

  test.each(rows)('%s', (fault, about, status, code, diagnostics) => {
    expect(proxyOutcome(fault, ...about)).toStrictEqual({
      status,
      outcome: {
        resourceType: 'OperationOutcome',
        meta: { profile: ['https://fhir.nhs.uk/STU3/StructureDefinition/GPConnect-OperationOutcome-1'] },
        issue: [
          {
            severity: 'error',
            code,
            details: {
              coding: [
                {
                  system: 'http://fhir.nhs.net/ValueSet/gpconnect-schedule-response-code-1-0',
                  code: String(status),
                },
              ],
            },
            diagnostics,
          },
        ],
      },
    });
  });
});

test.each<[ErrorCode, string]>([
  ['BAD_REQUEST', 'Bad request'],
  ['MISSING_OR_INVALID_HEADER', 'There is a required header missing or invalid'],
  ['REQUEST_UNMATCHED', 'Request does not match authorisation token'],
])('the display of %s is the published one', (code, display) => {
  const { outcome } = operationOutcome({ profile: 'spine-core', code, diagnostics: 'why' });
  expect(outcome.issue[0].details.coding[0].display).toBe(display);
});
