import type { Logger } from 'pino';
import type { Connection } from './connection.ts';
import type { RecordDates } from './dates.ts';
import { observation } from './resources.ts';
import { type ResultRow, resultRows } from './rows.ts';

/** How a write ended: the resource as the server keeps it, or why it was not added. `refused` is 403, `ended` 401. */
export type Written =
  | { readonly outcome: 'added'; readonly row: ResultRow }
  | { readonly outcome: 'refused' | 'ended' | 'invalid' | 'failed' };

/** Milliseconds that the FHIR server may take for an answer. */
const TIMEOUT = 5000;

const refusals: Readonly<Record<number, 'refused' | 'ended' | 'invalid'>> = {
  400: 'invalid',
  401: 'ended',
  403: 'refused',
  422: 'invalid',
};

/** Adds an Observation over FHIR R4 REST (3.1.0.8, create), and tells of it in the language of some dates. */
export function createWriter(options: {
  readonly fhirBase: string;
  readonly log: Logger;
}): (connection: Connection, resource: object, dates: RecordDates) => Promise<Written> {
  const { fhirBase, log } = options;

  return async ({ accessToken }, resource, dates) => {
    try {
      const response = await fetch(`${fhirBase}/Observation`, {
        method: 'POST',
        body: JSON.stringify(resource),
        headers: {
          Accept: 'application/fhir+json',
          Authorization: `Bearer ${accessToken}`,
          'Content-Type': 'application/fhir+json',
          Prefer: 'return=representation',
        },
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT),
      });
      if (response.status === 201) {
        const [row] = resultRows(dates, [observation.parse(await response.json())]);
        if (row !== undefined) return { outcome: 'added', row };
      }
      await response.body?.cancel().catch(() => {});
      log.warn({ status: response.status }, 'Kete Health could not add a reading');
      return { outcome: refusals[response.status] ?? 'failed' };
    } catch (error) {
      // The name alone: the message may quote the answer, which is about a patient.
      log.warn(
        { reason: error instanceof Error ? error.name : undefined },
        'Kete Health could not add a reading',
      );
      return { outcome: 'failed' };
    }
  };
}
