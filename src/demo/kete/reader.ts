import type { Logger } from 'pino';
import type { Connection } from './connection.ts';

/** How one read ended. `refused` is 403: not allowed. `ended` is 401: the token is not good any more. */
export type Reading =
  | { readonly outcome: 'read'; readonly body: unknown }
  | { readonly outcome: 'refused' | 'ended' | 'failed' };

/** The kinds of information that Kete Health shows, with the resource types that hold them. */
const kinds = {
  vaccinations: 'Immunization',
  appointments: 'Appointment',
  medicines: 'MedicationRequest',
  allergies: 'AllergyIntolerance',
  results: 'Observation',
} as const;

/** What was read of one record: the person, and each kind of information. */
export type Readings = { readonly [kind in 'person' | keyof typeof kinds]: Reading };

/** Milliseconds that the FHIR server may take for an answer. */
const TIMEOUT = 5000;

/** Reads a health record over FHIR R4 REST, each kind of information for itself: one refusal leaves the others. */
export function createReader(options: {
  readonly fhirBase: string;
  readonly log: Logger;
}): (connection: Connection) => Promise<Readings> {
  const { fhirBase, log } = options;

  async function read(accessToken: string, type: string, rest: string): Promise<Reading> {
    try {
      const response = await fetch(`${fhirBase}/${type}${rest}`, {
        headers: { Accept: 'application/fhir+json', Authorization: `Bearer ${accessToken}` },
        // A redirect would carry the token to somewhere else.
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT),
      });
      if (response.ok) return { outcome: 'read', body: await response.json() };
      await response.body?.cancel();
      if (response.status === 401) return { outcome: 'ended' };
      if (response.status === 403) return { outcome: 'refused' };
      log.warn({ type, status: response.status }, 'Kete Health could not read');
    } catch (error) {
      // The name alone: the message may quote the answer, which is about a patient.
      log.warn(
        { type, reason: error instanceof Error ? error.name : undefined },
        'Kete Health could not read',
      );
    }
    return { outcome: 'failed' };
  }

  return async ({ accessToken, patient }) => {
    const id = encodeURIComponent(patient);
    const search = (kind: keyof typeof kinds) => read(accessToken, kinds[kind], `?patient=${id}`);
    const [person, vaccinations, appointments, medicines, allergies, results] = await Promise.all([
      read(accessToken, 'Patient', `/${id}`),
      search('vaccinations'),
      search('appointments'),
      search('medicines'),
      search('allergies'),
      search('results'),
    ]);
    return { person, vaccinations, appointments, medicines, allergies, results };
  };
}
