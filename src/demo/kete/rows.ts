import type { z } from 'zod';
import type { RecordDates } from './dates.ts';
import type {
  allergyIntolerance,
  appointment,
  Concept,
  immunization,
  medicationRequest,
  observation,
  patient,
  Value,
} from './resources.ts';

/** What a page shows of one resource. An empty text is unknown; members that end in `Key` are locale keys. */
export type VaccinationRow = { readonly name: string; readonly date: string; readonly statusKey: string };
export type AppointmentRow = {
  readonly what: string;
  readonly when: string;
  readonly where: string;
  readonly statusKey: string;
};
export type MedicineRow = {
  readonly name: string;
  readonly dose: string;
  readonly since: string;
  readonly statusKey: string;
};
export type AllergyRow = { readonly name: string; readonly reaction: string };
export type ResultRow = { readonly name: string; readonly value: string; readonly date: string };

/** Locale keys for the status codes of FHIR R4, by kind; a code that is not listed is shown as not known. */
const statuses = {
  vaccination: new Map([
    ['completed', 'demo.record.status.given'],
    ['not-done', 'demo.record.status.notGiven'],
  ]),
  appointment: new Map([
    ['proposed', 'demo.record.status.proposed'],
    ['pending', 'demo.record.status.proposed'],
    ['waitlist', 'demo.record.status.proposed'],
    ['booked', 'demo.record.status.booked'],
    ['arrived', 'demo.record.status.attended'],
    ['checked-in', 'demo.record.status.attended'],
    ['fulfilled', 'demo.record.status.attended'],
    ['cancelled', 'demo.record.status.cancelled'],
    ['noshow', 'demo.record.status.missed'],
  ]),
  medicine: new Map([
    ['active', 'demo.record.status.inUse'],
    ['on-hold', 'demo.record.status.paused'],
    ['completed', 'demo.record.status.stopped'],
    ['stopped', 'demo.record.status.stopped'],
    ['cancelled', 'demo.record.status.stopped'],
  ]),
};

function statusKey(kind: keyof typeof statuses, code: string | undefined): string {
  return statuses[kind].get(code ?? '') ?? 'demo.record.status.unknown';
}

const words = (concept: Concept | undefined): string =>
  concept?.text ?? concept?.coding.find(({ display }) => display !== undefined)?.display ?? '';

/** The words for a date that may be missing. */
const known = (say: (text: string) => string, text: string | undefined): string =>
  text === undefined ? '' : say(text);

/** Newest first, without what the record itself calls an error. FHIR dates of one server sort as text. */
function current<R extends { readonly status?: string | undefined }>(
  resources: readonly R[],
  dateOf: (resource: R) => string | undefined,
): R[] {
  return resources
    .filter(({ status }) => status !== 'entered-in-error')
    .toSorted((a, b) => (dateOf(b) ?? '').localeCompare(dateOf(a) ?? ''));
}

/** A person's name as it is used: a written-out one before its pieces, an official one before others. */
export function nameOf({ name }: z.output<typeof patient>): string {
  const best = name.find(({ use }) => use === 'official') ?? name[0];
  const pieces = [...(best?.prefix ?? []), ...(best?.given ?? []), best?.family ?? ''];
  return best?.text ?? pieces.join(' ').trim();
}

export function vaccinationRows(
  { dayText }: RecordDates,
  resources: readonly z.output<typeof immunization>[],
): VaccinationRow[] {
  return current(resources, (one) => one.occurrenceDateTime).map((one) => ({
    name: words(one.vaccineCode),
    date: one.occurrenceString ?? known(dayText, one.occurrenceDateTime),
    statusKey: statusKey('vaccination', one.status),
  }));
}

export function appointmentRows(
  { dateText }: RecordDates,
  resources: readonly z.output<typeof appointment>[],
): AppointmentRow[] {
  return current(resources, (one) => one.start).map((one) => ({
    what: one.description ?? words(one.serviceType[0]),
    when: known(dateText, one.start),
    where: one.participant
      .filter(({ actor }) => !/(^|\/)Patient\//.test(actor?.reference ?? ''))
      .flatMap(({ actor }) => actor?.display ?? [])
      .join(', '),
    statusKey: statusKey('appointment', one.status),
  }));
}

export function medicineRows(
  { dayText }: RecordDates,
  resources: readonly z.output<typeof medicationRequest>[],
): MedicineRow[] {
  return current(resources, (one) => one.authoredOn).map((one) => ({
    name: one.medicationReference?.display ?? words(one.medicationCodeableConcept),
    dose: one.dosageInstruction.flatMap(({ text }) => text ?? []).join('; '),
    since: known(dayText, one.authoredOn),
    statusKey: statusKey('medicine', one.status),
  }));
}

export function allergyRows(resources: readonly z.output<typeof allergyIntolerance>[]): AllergyRow[] {
  return resources
    .filter(({ verificationStatus }) => verificationStatus?.coding[0]?.code !== 'entered-in-error')
    .map((one) => ({
      name: words(one.code),
      reaction: one.reaction
        .flatMap(({ manifestation }) => manifestation)
        .map(words)
        .join(', '),
    }));
}

function valueText({ valueQuantity, valueCodeableConcept, valueString }: Value): string {
  if (valueQuantity === undefined) return valueString ?? words(valueCodeableConcept);
  return [valueQuantity.value, valueQuantity.unit].filter((part) => part !== undefined).join(' ');
}

export function resultRows(
  { dateText }: RecordDates,
  resources: readonly z.output<typeof observation>[],
): ResultRow[] {
  return current(resources, (one) => one.effectiveDateTime).map((one) => ({
    name: words(one.code),
    // A blood pressure has no value of its own, only two parts.
    value: [valueText(one), ...one.component.map((part) => `${words(part.code)}: ${valueText(part)}`)]
      .filter((value) => value !== '')
      .join('; '),
    date: known(dateText, one.effectiveDateTime),
  }));
}
