import type { z } from 'zod';
import type { Connection } from './connection.ts';
import type { RecordDates } from './dates.ts';
import type { Reading, Readings } from './reader.ts';
import * as resources from './resources.ts';
import * as rows from './rows.ts';
import { reading, results } from './wishes.ts';

/** How a part came out: `refused` was not shared, `failed` could not be read. */
export type PartOutcome = 'read' | 'refused' | 'failed';

/** One kind of information. */
export interface Part<Row> {
  readonly outcome: PartOutcome;
  readonly rows: readonly Row[];
  /** Whether the server has more than it sent. */
  readonly more: boolean;
}

/** What `demo/record.njk` shows. */
export interface RecordModel {
  readonly person: { readonly outcome: PartOutcome; readonly name: string; readonly birthDate: string };
  readonly vaccinations: Part<rows.VaccinationRow>;
  readonly appointments: Part<rows.AppointmentRow>;
  readonly medicines: Part<rows.MedicineRow>;
  readonly allergies: Part<rows.AllergyRow>;
  readonly results: Part<rows.ResultRow>;
  /** Whether the person said no to showing results when she was asked. */
  readonly resultsRefused: boolean;
  /** Whether Kete Health may add a blood pressure, and the one that was added last. */
  readonly reading: { readonly allowed: boolean; readonly added: rows.ResultRow | null };
  /** Times of day. */
  readonly readAt: string;
  readonly accessEnds: string;
  /** Whether access can be renewed without the person. */
  readonly renewable: boolean;
  readonly developer: {
    readonly scopes: readonly string[];
    readonly patient: string;
    /** Life of the access token in seconds. */
    readonly lifetime: number;
    readonly needPatientBanner: boolean;
  };
}

const missing = ({ outcome }: Reading): PartOutcome => (outcome === 'refused' ? 'refused' : 'failed');

/** Reads the answer to a search; one entry that is not as FHIR says fails the whole, so that none is missed unseen. */
function part<Shape extends z.ZodObject<{ resourceType: z.ZodLiteral<string> }>, Row>(
  reading: Reading,
  shape: Shape,
  toRows: (found: z.output<Shape>[]) => Row[],
): Part<Row> {
  const none = { rows: [], more: false };
  if (reading.outcome !== 'read') return { outcome: missing(reading), ...none };
  const bundle = resources.searchset.safeParse(reading.body);
  if (!bundle.success) return { outcome: 'failed', ...none };
  const type = shape.shape.resourceType.value;
  const found = bundle.data.entry.map(({ resource }) => resource);
  const parsed = shape.array().safeParse(found.filter(({ resourceType }) => resourceType === type));
  if (!parsed.success) return { outcome: 'failed', ...none };
  const more = bundle.data.link.some(({ relation }) => relation === 'next');
  return { outcome: 'read', rows: toRows(parsed.data), more };
}

function person(reading: Reading, { dateText }: RecordDates): RecordModel['person'] {
  const nobody = { name: '', birthDate: '' };
  if (reading.outcome !== 'read') return { outcome: missing(reading), ...nobody };
  const parsed = resources.patient.safeParse(reading.body);
  if (!parsed.success) return { outcome: 'failed', ...nobody };
  const { birthDate } = parsed.data;
  return {
    outcome: 'read',
    name: rows.nameOf(parsed.data),
    birthDate: birthDate === undefined ? '' : dateText(birthDate),
  };
}

/**
 * What hides the whole record, if anything does: the token is not good any more, every kind was refused, or nothing
 * could be read.
 */
export function obstacle(readings: Readings): 'ended' | 'refused' | 'unavailable' | undefined {
  const outcomes = Object.values(readings).map(({ outcome }) => outcome);
  if (outcomes.includes('ended')) return 'ended';
  if (outcomes.includes('read')) return undefined;
  return outcomes.includes('failed') ? 'unavailable' : 'refused';
}

/**
 * Makes the page of a record from what was read.
 *
 * @param given.added the blood pressure that was added last
 * @param given.now when it was read, in seconds since 1970
 * @param given.dates in the language of the page
 */
export function recordModel(
  readings: Readings,
  given: { connection: Connection; added: rows.ResultRow | undefined; now: number; dates: RecordDates },
): RecordModel {
  const { connection, added = null, now, dates } = given;
  const { patient, lifetime, needPatientBanner, expiresAt, refreshToken } = connection;
  const scopes = connection.scope.split(' ');
  return {
    person: person(readings.person, dates),
    vaccinations: part(readings.vaccinations, resources.immunization, (found) =>
      rows.vaccinationRows(dates, found),
    ),
    appointments: part(readings.appointments, resources.appointment, (found) =>
      rows.appointmentRows(dates, found),
    ),
    medicines: part(readings.medicines, resources.medicationRequest, (found) =>
      rows.medicineRows(dates, found),
    ),
    allergies: part(readings.allergies, resources.allergyIntolerance, rows.allergyRows),
    results: part(readings.results, resources.observation, (found) => rows.resultRows(dates, found)),
    resultsRefused: connection.refused.includes(results.scope),
    reading: { allowed: scopes.includes(reading.scope), added },
    readAt: dates.timeText(now),
    accessEnds: dates.timeText(expiresAt),
    renewable: refreshToken !== undefined,
    developer: { scopes, patient, lifetime, needPatientBanner },
  };
}
