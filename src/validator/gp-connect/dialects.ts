import { isNhsNumber } from '../../tokens/index.ts';
import { identifierUnder, member } from '../json.ts';
import { lifetimeStep } from '../lifetime.ts';
import type { Dialect, Examined, Fault, Step } from '../types.ts';
import { contentFault, odsCodeFault, presenceFault, resourcesFault } from './claims.ts';
import { headerSteps } from './headers.ts';
import { isMigration, reasonFault, relationshipFault, scopeFault } from './scope.ts';
import { systems0, type Version, version0, version1 } from './versions.ts';

/** What every token of GP Connect 0.x has as `aud`. Test suites of 1.x still send it; a provider may accept it. */
export const audienceOf0x = 'https://authorize.fhir.nhs.net/token';

const texts = {
  noAuthorization: 'Header Authorization is missing',
  notThreeParts: 'JWT must have three parts',
};

/** 0.x: the record is that of a patient, the one whom the request is about, or that of an organisation. */
function recordFault({ claims: { requested_record: record }, request }: Examined): Fault | undefined {
  if (member(record, 'resourceType') === 'Organization')
    return odsCodeFault(version0, 'requested_record', record);
  const nhsNumber = identifierUnder(systems0.nhsNumber, record);
  if (nhsNumber === undefined || !isNhsNumber(nhsNumber))
    return `JWT claim requested_record lacks an NHS number with the system ${systems0.nhsNumber}`;
  return request.patient === undefined || request.patient === nhsNumber
    ? undefined
    : 'JWT claim requested_record is another patient than that of the request';
}

/** Steps 5 to 11 of the order of checks, in it, and then the rule of record transfer. */
function claimSteps(version: Version, audiences: (examined: Examined) => readonly string[]): Step[] {
  return [
    { name: 'mandatory claims', fault: (examined) => presenceFault(version, examined) },
    { name: 'FHIR resources', fault: (examined) => resourcesFault(version, examined) },
    lifetimeStep,
    { name: 'who asks', fault: (examined) => contentFault(version, examined) },
    {
      name: 'audience',
      fault: (examined) =>
        audiences(examined).some((one) => one === examined.claims.aud)
          ? undefined
          : 'JWT claim aud is not this service root',
    },
    { name: 'reason', fault: (examined) => reasonFault(version, examined) },
    { name: 'scope', fault: (examined) => scopeFault(version, examined) },
    {
      name: 'relationship',
      applies: (examined) => isMigration(version, examined),
      fault: (examined) => relationshipFault(version, examined),
    },
  ];
}

/** GP Connect 1.x (provenance page, error handling page; the provider test suite where these disagree). */
export const gpConnect: Dialect = {
  code: 'BAD_REQUEST',
  texts,
  headers: headerSteps(version1.interactions),
  claims: claimSteps(version1, ({ options }) => options.audiences),
};

/** GP Connect 0.x, whose tokens all have the same `aud`, and name the record that is asked for. */
export const gpConnect0: Dialect = {
  code: 'BAD_REQUEST',
  texts,
  headers: headerSteps(version0.interactions),
  claims: [...claimSteps(version0, () => [audienceOf0x]), { name: 'requested record', fault: recordFault }],
};
