import type { Connection } from '../../../src/demo/kete/connection.ts';
import { recordDates } from '../../../src/demo/kete/dates.ts';
import { type ProblemModel, problem } from '../../../src/demo/kete/problem.ts';
import { type ReadingModel, readingModel } from '../../../src/demo/kete/reading.ts';
import { type RecordModel, recordModel } from '../../../src/demo/kete/record.ts';
import type { ResultRow } from '../../../src/demo/kete/rows.ts';
import { type StartModel, startModel } from '../../../src/demo/kete/start.ts';
import { bundle, everything, failed, read, refused, tetanus, whole, wiremu } from './fhir.ts';

export const connection: Connection = {
  accessToken: 'secret-access',
  refreshToken: 'secret-refresh',
  idToken: 'secret-id',
  scope: 'openid profile fhirUser launch/patient offline_access patient/Patient.rs patient/Observation.rs',
  refused: [],
  patient: 'p-wiremu',
  needPatientBanner: true,
  lifetime: 600,
  expiresAt: 1_764_000_600,
};

const added = {
  name: 'Blood pressure',
  value: 'Systolic: 128 mmHg; Diastolic: 82 mmHg',
  date: '24 November 2025',
};
const record = (readings = whole, given = connection, row?: ResultRow) =>
  recordModel(readings, { connection: given, added: row, now: 1_764_000_000, dates: recordDates('en') });
const adding: Connection = { ...connection, scope: `${connection.scope} patient/Observation.c` };
const typed = { systolic: '80', diastolic: '120.5' };
const longName = 'Wiremu Pōtae-Featherstonehaugh-Cholmondeley-Marjoribanks';

/** The pages of Kete Health in their states. */
export const keteSamples = {
  'demo/start.njk': { first: startModel(false), connected: startModel(true) } satisfies Record<
    string,
    StartModel
  >,
  'demo/record.njk': {
    whole: record(),
    empty: record({ ...everything(read(bundle())), person: read(wiremu) }),
    'mostly-refused': record({ ...everything(refused), vaccinations: read(bundle(tetanus)) }),
    'mostly-failed': record({ ...everything(failed), person: read(wiremu) }),
    'not-renewable': record(whole, { ...connection, refreshToken: undefined, needPatientBanner: false }),
    'results-not-asked': record({ ...whole, results: refused }),
    'results-refused': record(
      { ...whole, results: refused },
      { ...connection, refused: ['patient/Observation.rs'] },
    ),
    'may-add': record(whole, adding),
    added: record(whole, adding, added),
    long: record({
      ...whole,
      person: read({ ...wiremu, name: [{ text: longName }] }),
      vaccinations: read(
        bundle({
          ...tetanus,
          vaccineCode: { text: 'Diphtherie-Tetanus-Pertussis-Poliomyelitis-Kombinationsimpfung' },
        }),
      ),
    }),
  } satisfies Record<string, RecordModel>,
  'demo/reading.njk': {
    first: readingModel(adding),
    missing: readingModel(adding, { problems: { systolic: 'missing', diastolic: 'missing' } }),
    wrong: readingModel(adding, { typed, problems: { systolic: 'range', diastolic: 'number' } }),
    order: readingModel(adding, { typed, problems: { systolic: 'none', diastolic: 'order' } }),
    'out-of-range': readingModel(adding, { typed, problems: { systolic: 'number', diastolic: 'range' } }),
    invalid: readingModel(adding, { typed, outcome: 'invalid' }),
    'turned-down': readingModel(adding, { typed, outcome: 'refused' }),
    failed: readingModel(adding, { typed, outcome: 'failed' }),
    'may-not': readingModel(connection),
    refused: readingModel({ ...connection, refused: ['patient/Observation.c'] }),
  } satisfies Record<string, ReadingModel>,
  'demo/problem.njk': {
    denied: problem('denied', 'access_denied', 'End-User aborted interaction'),
    expired: problem('expired'),
    foreign: problem('foreign'),
    mistake: problem('mistake', 'invalid_scope', 'requested scope is not allowed'),
    unreachable: problem('unreachable', 'OAUTH_TIMEOUT'),
    'no-record': problem('noRecord'),
    ended: problem('ended'),
    refused: problem('refused'),
    unavailable: problem('unavailable'),
    long: problem('mistake', 'urn:example:error:'.padEnd(300, 'x'), 'long '.repeat(100)),
  } satisfies Record<string, ProblemModel>,
};
