import { describe, expect, test } from 'vitest';
import { recordDates } from '../../../src/demo/kete/dates.ts';
import type { Readings } from '../../../src/demo/kete/reader.ts';
import { obstacle, recordModel } from '../../../src/demo/kete/record.ts';
import {
  bloodPressure,
  bundle,
  checkUp,
  ended,
  everything,
  failed,
  penicillin,
  ramipril,
  read,
  refused,
  tetanus,
  whole,
  wiremu,
} from './fhir.ts';
import { connection } from './samples.ts';

const dates = recordDates('en');
const { dateText, dayText, timeText } = dates;

const model = (change: Partial<Readings> = {}) =>
  recordModel({ ...whole, ...change }, { connection, added: undefined, now: 1_764_000_000, dates });

test('a whole record is shown in words, newest first', () => {
  expect(model()).toMatchObject({
    person: { outcome: 'read', name: 'Wiremu Pōtae', birthDate: '17 September 1980' },
    vaccinations: {
      rows: [
        { name: 'Influenza', date: 'October 2024', statusKey: 'demo.record.status.notGiven' },
        {
          name: expect.stringContaining('Tetanus'),
          date: '4 March 2019',
          statusKey: 'demo.record.status.given',
        },
      ],
    },
    appointments: {
      rows: [
        {
          what: 'Yearly check-up',
          when: '12 January 2026 at 09:30',
          where: 'Dr Priya Shah, Millbrook Surgery',
          statusKey: 'demo.record.status.booked',
        },
      ],
    },
    medicines: {
      rows: [
        {
          name: 'Ramipril 5 mg capsules',
          dose: 'One in the morning',
          since: '1 February 2025',
          statusKey: 'demo.record.status.inUse',
        },
      ],
    },
    allergies: { rows: [{ name: 'Penicillin', reaction: 'Rash, Swollen lips' }] },
    results: {
      rows: [
        {
          name: 'Blood pressure at home',
          value: 'Systolic: 128 mmHg; Diastolic: 82 mmHg',
          date: '3 November 2025 at 07:15',
        },
        { name: 'HbA1c', value: '41 mmol/mol', date: '20 June 2025' },
      ],
    },
    readAt: '16:00:00',
    accessEnds: '16:10:00',
    renewable: true,
  });
});

test('developers see scope, patient, life and banner, and no token', () => {
  const { developer } = model();
  expect(developer).toEqual({
    scopes: connection.scope.split(' '),
    patient: 'p-wiremu',
    lifetime: 600,
    needPatientBanner: true,
  });
  expect(JSON.stringify(model())).not.toContain('secret-');
});

test('what was refused and what failed stay apart, and hide nothing else', () => {
  const shown = model({ person: refused, vaccinations: refused, results: failed });
  expect(shown.person).toEqual({ outcome: 'refused', name: '', birthDate: '' });
  expect(shown.vaccinations).toEqual({ outcome: 'refused', rows: [], more: false });
  expect(shown.results).toEqual({ outcome: 'failed', rows: [], more: false });
  expect(shown.medicines.rows).toHaveLength(1);
});

test('what was written in error is no part of the record', () => {
  const wrong = { ...tetanus, status: 'entered-in-error' };
  const noAllergy = { ...penicillin, verificationStatus: { coding: [{ code: 'entered-in-error' }] } };
  const shown = model({
    vaccinations: read(bundle(wrong, tetanus)),
    allergies: read(bundle(noAllergy)),
    results: read(bundle({ ...bloodPressure, status: 'entered-in-error' })),
  });
  expect(shown.vaccinations.rows).toHaveLength(1);
  expect(shown.allergies).toEqual({ outcome: 'read', rows: [], more: false });
  expect(shown.results.rows).toEqual([]);
});

test('what a resource leaves out is unknown, and a status that we have no word for too', () => {
  const shown = model({
    vaccinations: read(bundle({ resourceType: 'Immunization' })),
    appointments: read(bundle({ resourceType: 'Appointment', status: 'constructor' })),
    medicines: read(bundle({ resourceType: 'MedicationRequest', status: 'draft' })),
    allergies: read(bundle({ resourceType: 'AllergyIntolerance' })),
    results: read(bundle({ resourceType: 'Observation' })),
  });
  const statusKey = 'demo.record.status.unknown';
  expect(shown.vaccinations.rows).toEqual([{ name: '', date: '', statusKey }]);
  expect(shown.appointments.rows).toEqual([{ what: '', when: '', where: '', statusKey }]);
  expect(shown.medicines.rows).toEqual([{ name: '', dose: '', since: '', statusKey }]);
  expect(shown.allergies.rows).toEqual([{ name: '', reaction: '' }]);
  expect(shown.results.rows).toEqual([{ name: '', value: '', date: '' }]);
});

test('other ways to say the same', () => {
  const shown = model({
    person: read({
      ...wiremu,
      name: [{ text: 'Wī' }, { use: 'official', prefix: ['Dr'], given: ['Wiremu', 'T'], family: 'Pōtae' }],
    }),
    vaccinations: read(bundle({ ...tetanus, occurrenceDateTime: undefined, occurrenceString: 'As a child' })),
    appointments: read(bundle({ ...checkUp, description: undefined, serviceType: [{ text: 'Podiatry' }] })),
    medicines: read(
      bundle({
        ...ramipril,
        medicationCodeableConcept: undefined,
        medicationReference: { reference: 'Medication/1', display: 'Ramipril' },
      }),
    ),
    results: read(
      bundle(
        { ...bloodPressure, component: [], valueString: 'Clear' },
        { ...bloodPressure, component: [], valueCodeableConcept: { text: 'Negative' } },
      ),
    ),
  });
  expect(shown.person.name).toBe('Dr Wiremu T Pōtae');
  expect(shown.vaccinations.rows[0]?.date).toBe('As a child');
  expect(shown.appointments.rows[0]?.what).toBe('Podiatry');
  expect(shown.medicines.rows[0]?.name).toBe('Ramipril');
  expect(shown.results.rows.map(({ value }) => value)).toEqual(['Clear', 'Negative']);
});

test('a person without name or birth date', () => {
  expect(model({ person: read({ resourceType: 'Patient' }) }).person).toEqual({
    outcome: 'read',
    name: '',
    birthDate: '',
  });
});

test('a hint of the server among the entries is no entry, and a further page is told', () => {
  const hint = { resourceType: 'OperationOutcome', issue: [] };
  const more = { ...bundle(tetanus, hint), link: [{ relation: 'next', url: 'http://elsewhere.example/' }] };
  expect(model({ vaccinations: read(more) }).vaccinations).toMatchObject({ rows: [{}], more: true });
});

describe('an answer that is not as FHIR says fails as a whole', () => {
  test.each<[string, unknown]>([
    ['nothing', null],
    ['text', 'hello'],
    ['another resource', { resourceType: 'OperationOutcome' }],
    ['entries that are no list', { resourceType: 'Bundle', entry: {} }],
    ['an entry without resource', { resourceType: 'Bundle', entry: [{}] }],
    ['a date that is a number', bundle(tetanus, { ...tetanus, occurrenceDateTime: 2019 })],
    ['a name that is a list', bundle({ ...tetanus, vaccineCode: { text: ['x'] } })],
  ])('%s', (_title, body) => {
    expect(model({ vaccinations: read(body) }).vaccinations).toEqual({
      outcome: 'failed',
      rows: [],
      more: false,
    });
    expect(model({ person: read(body) }).person.outcome).toBe('failed');
  });
});

test.each<[string, Readings, ReturnType<typeof obstacle>]>([
  ['everything allowed', whole, undefined],
  ['one kind allowed', { ...everything(refused), results: read(bundle()) }, undefined],
  ['nothing allowed', everything(refused), 'refused'],
  ['nothing readable', everything(failed), 'unavailable'],
  ['some refused, the rest unreadable', { ...everything(refused), results: failed }, 'unavailable'],
  ['the token over in the middle', { ...whole, results: ended }, 'ended'],
])('%s: the record as a whole', (_title, readings, expected) => {
  expect(obstacle(readings)).toBe(expected);
});

test.each([
  ['2019', '2019'],
  ['2019-03', 'March 2019'],
  ['2019-03-04', '4 March 2019'],
  ['2019-03-04T23:30:00Z', '4 March 2019 at 23:30'],
  // British summer time.
  ['2019-07-04T23:30:00Z', '5 July 2019 at 00:30'],
  ['2019-07-04T09:30:00+12:00', '3 July 2019 at 22:30'],
  ['last spring', 'last spring'],
  ['2019-13-45', '2019-13-45'],
])('%s reads %s', (text, words) => {
  expect(dateText(text)).toBe(words);
});

test.each([
  ['2019-03-04T09:30:00Z', '4 March 2019'],
  ['2019-07-04T23:30:00Z', '5 July 2019'],
  ['2019-03-04', '4 March 2019'],
  ['2019', '2019'],
  ['Tuesday', 'Tuesday'],
])('the day of %s is %s', (text, words) => {
  expect(dayText(text)).toBe(words);
});

test('times are those of London', () => {
  expect(timeText(Date.UTC(2026, 6, 1, 12, 0, 5) / 1000)).toBe('13:00:05');
});
