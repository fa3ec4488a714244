import type { ActivityModel } from '../../../src/web/account/activity-models.ts';
import type {
  ApplicationModel,
  ApplicationPageModel,
  ApplicationsModel,
  TakeBackLineModel,
  TakeBackModel,
} from '../../../src/web/account/applications-models.ts';
import type { DevicesModel } from '../../../src/web/account/devices-models.ts';
import type {
  AccountPageModel,
  DataModel,
  LanguageModel,
  OverviewModel,
} from '../../../src/web/account/models.ts';
import { addressSamples } from './joining-samples.ts';
import { securitySamples } from './security-samples.ts';

const shared: AccountPageModel = {
  csrf: 'csrf-of-the-page',
  person: { name: 'Aroha Ngata' },
  notice: '',
};

const kete: ApplicationModel = {
  id: '6f0d0c5e-6d0c-4f5e-9a55-000000000001',
  name: 'Kete Health',
  organization: 'Kete Health Ltd',
  record: 'own',
  patient: '',
  role: '',
  since: new Date('2026-05-03T09:12:00Z'),
  lastUsed: new Date('2026-11-21T18:40:00Z'),
  until: new Date('2027-02-01T09:12:00Z'),
  allowed: [
    { number: 3, words: 'See name, birth date and contact details in this health record', required: false },
    { number: 4, words: 'See vaccinations in this health record', required: false },
    { number: 6, words: 'Keep access when you are not using it', required: false },
    { number: 0, words: 'Know that it is you each time you come back', required: true },
  ],
  refused: ['See measurements and test results in this health record'],
  ended: null,
  kind: '',
};

const ward: ApplicationModel = {
  ...kete,
  id: '6f0d0c5e-6d0c-4f5e-9a55-000000000002',
  name: 'Fernhill Ward App',
  organization: 'Fernhill Hospital',
  record: 'patients',
  role: 'Clinical Practitioner',
  lastUsed: null,
  allowed: [{ number: 1, words: 'See the support needs that you may see', required: true }],
  refused: [],
};

/** Names that a narrow screen can only show by breaking a word. */
const long: ApplicationModel = {
  ...kete,
  id: '6f0d0c5e-6d0c-4f5e-9a55-000000000003',
  name: 'Rheumatologieverlaufsdokumentation Connect',
  organization: 'Taumatawhakatangihangakoauauotamatea Regional Health Board',
  record: 'other',
  patient: 'Wiremu Pōtae-Featherstonehaugh-Cholmondeley',
};

const over = (kind: ApplicationModel['kind'], number: number): ApplicationModel => ({
  ...kete,
  id: `6f0d0c5e-6d0c-4f5e-9a55-00000000001${number}`,
  kind,
  ended: new Date('2026-10-30T07:00:00Z'),
});

const applications: ApplicationsModel = { ...shared, live: [], ended: [], older: '', latest: true };
const older = '/account/applications?before=1793344800000.6f0d0c5e-6d0c-4f5e-9a55-000000000010';
const page = { ...shared, application: kete, fhir: true };
const takeBack: TakeBackModel = { ...page, action: `/account/applications/${kete.id}/take-back` };
const takeBackLine: TakeBackLineModel = {
  ...page,
  action: `/account/applications/${kete.id}/lines/4`,
  words: 'See vaccinations in this health record',
  goesToo: [],
  problem: 'none',
};

const overview: OverviewModel = { ...shared, applications: 2, devices: 1 };
const signedInAt = new Date('2026-11-22T08:15:00Z');
const devices: DevicesModel = {
  ...shared,
  action: '/account/devices',
  devices: [
    { uid: 'uid-1', agent: 'Chrome on Android', signedInAt, here: true, kind: 'passkey' },
    { uid: 'uid-2', agent: 'Firefox on Windows', signedInAt, here: false, kind: 'code' },
    { uid: 'uid-3', agent: 'Safari on iPhone', signedInAt, here: false, kind: 'password' },
    { uid: 'uid-4', agent: '', signedInAt, here: false, kind: 'elsewhere' },
  ],
};

const activity: ActivityModel = {
  ...shared,
  days: [
    {
      day: signedInAt,
      lines: [
        { at: signedInAt, text: 'Kete Health asked to see your vaccinations', count: 1 },
        { at: signedInAt, text: 'Kete Health used its access', count: 12 },
        { at: signedInAt, text: 'You signed in', count: 1 },
      ],
    },
    {
      day: new Date('2026-05-03T09:12:00Z'),
      lines: [
        {
          at: new Date('2026-05-03T09:12:00Z'),
          text: 'You allowed Kete Health to use your record',
          count: 1,
        },
        {
          at: new Date('2026-05-03T09:02:00Z'),
          text: 'Rheumatologieverlaufsdokumentation Connect asked to see your vaccinations',
          count: 1,
        },
      ],
    },
  ],
  older: '/account/activity?before=1777799520000.0b6f1c1e-5a0c-4c7e-9f0e-3d6f6a1b7c22',
  latest: true,
};

const language: LanguageModel = {
  ...shared,
  action: '/account/language',
  languages: [{ tag: 'en', name: 'English', chosen: true }],
};

/** The pages below `/account`. */
export const accountSamples: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  'account/overview.njk': {
    first: overview,
    none: { ...overview, applications: 0 },
    said: { ...overview, notice: 'application-ended' },
    'long-name': { ...overview, person: { name: 'Wiremu Pōtae-Featherstonehaugh-Cholmondeley' } },
  } satisfies Record<string, OverviewModel>,
  'account/devices.njk': {
    alone: { ...devices, devices: devices.devices.slice(0, 1) },
    several: devices,
    'signed-out': { ...devices, notice: 'signed-out-there' },
    everywhere: { ...devices, devices: devices.devices.slice(0, 1), notice: 'signed-out-everywhere' },
  } satisfies Record<string, DevicesModel>,
  'account/activity.njk': {
    latest: activity,
    older: { ...activity, latest: false, older: '' },
    none: { ...activity, days: [], older: '' },
    'nothing-older': { ...activity, days: [], older: '', latest: false },
  } satisfies Record<string, ActivityModel>,
  'account/data.njk': { first: { ...shared, action: '/account/data' } } satisfies Record<string, DataModel>,
  'account/language.njk': {
    one: language,
    several: {
      ...language,
      languages: [...language.languages, { tag: 'mi', name: 'Māori', chosen: false }],
      notice: 'language-chosen',
    },
  } satisfies Record<string, LanguageModel>,
  'account/not-signed-in.njk': { first: {} },
  ...securitySamples(shared),
  ...addressSamples(shared),
  'account/applications.njk': {
    several: { ...applications, live: [kete, ward], ended: [over('withdrawn', 1), over('expired', 2)] },
    none: applications,
    'ended-only': {
      ...applications,
      ended: [over('role ended', 1), over('replaced', 2), over('restored', 3), over('other', 4)],
      notice: 'application-ended',
    },
    long: { ...applications, live: [long], ended: [{ ...long, ...over('withdrawn', 1), name: long.name }] },
    first: { ...applications, live: [kete], ended: [over('withdrawn', 1)], older },
    middle: { ...applications, live: [kete], ended: [over('expired', 2)], older, latest: false },
    last: { ...applications, live: [kete], ended: [over('expired', 2)], latest: false },
  } satisfies Record<string, ApplicationsModel>,
  'account/application.njk': {
    own: page,
    ward: { ...shared, application: ward, fhir: false },
    'line-ended': { ...page, notice: 'line-ended' },
    long: { ...page, application: long },
    nothing: { ...page, application: { ...kete, record: 'none', allowed: [], refused: [] } },
    ended: { ...page, application: over('withdrawn', 1) },
  } satisfies Record<string, ApplicationPageModel>,
  'account/take-back.njk': {
    own: takeBack,
    long: { ...takeBack, application: long },
  } satisfies Record<string, TakeBackModel>,
  'account/take-back-line.njk': {
    alone: takeBackLine,
    'goes-too': { ...takeBackLine, goesToo: ['See the whole health record'] },
    whole: { ...takeBackLine, problem: 'whole' },
    long: { ...takeBackLine, application: long },
  } satisfies Record<string, TakeBackLineModel>,
};
