import { searchParameters } from './parameters.ts';
import { resourceTypes } from './resource.ts';

/**
 * What the server can do, as a CapabilityStatement (FHIR R4, 5.1).
 *
 * @param base of this server
 * @param date of the statement, YYYY-MM-DD
 */
export function capabilityStatement(base: string, date: string): object {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date,
    kind: 'instance',
    software: { name: 'Assent demo FHIR server' },
    implementation: { description: 'The health records of the demo world; everyone is fictional', url: base },
    fhirVersion: '4.0.1',
    format: ['json', 'application/fhir+json'],
    rest: [
      {
        mode: 'server',
        security: {
          cors: true,
          service: [
            {
              coding: [
                {
                  system: 'http://terminology.hl7.org/CodeSystem/restful-security-service',
                  code: 'SMART-on-FHIR',
                },
              ],
              text: 'SMART App Launch 2.2',
            },
          ],
          description: `Bearer tokens; see ${base}/.well-known/smart-configuration`,
        },
        resource: resourceTypes.map((type) => ({
          type,
          interaction: [
            { code: 'read' },
            { code: 'search-type' },
            // A blood pressure that was measured at home, and nothing else.
            ...(type === 'Observation' ? [{ code: 'create' }] : []),
          ],
          versioning: 'no-version',
          searchParam: searchParameters(type).map(({ name, type }) => ({ name, type })),
        })),
      },
    ],
  };
}
