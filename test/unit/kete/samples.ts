import type { Connection } from '../../../src/demo/kete/connection.ts';
import { type ProblemModel, problem } from '../../../src/demo/kete/problem.ts';
import { type RecordModel, recordModel } from '../../../src/demo/kete/record.ts';
import { type StartModel, startModel } from '../../../src/demo/kete/start.ts';
import { bundle, everything, failed, read, refused, tetanus, whole, wiremu } from './fhir.ts';

export const connection: Connection = {
  accessToken: 'secret-access',
  refreshToken: 'secret-refresh',
  idToken: 'secret-id',
  scope: 'openid profile fhirUser launch/patient offline_access patient/Patient.rs patient/Observation.rs',
  patient: 'p-wiremu',
  needPatientBanner: true,
  lifetime: 600,
  expiresAt: 1_764_000_600,
};

const record = (readings = whole, given = connection) => recordModel(readings, given, 1_764_000_000);
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
