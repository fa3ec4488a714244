import { type ErrorModel, errorModel } from '../../../src/web/models.ts';
import type {
  ClosingModel,
  ConsentModel,
  ContinueModel,
  MoreTimeModel,
  NoRecordModel,
  RoleModel,
  SignedOutModel,
  SignInModel,
  SignOutModel,
} from '../../../src/web/sign-in/models.ts';
import { keteSamples } from '../kete/samples.ts';
import { accountSamples } from './account-samples.ts';
import { joiningSamples } from './joining-samples.ts';
import { demoModel, productionModel } from './model.ts';
import { sourceSamples } from './source-samples.ts';
import { stepSamples } from './step-samples.ts';

const kete = { name: 'Kete Health', organization: 'Kete Health Ltd' };
/** Names that a narrow screen can only show by breaking a word. */
const long = {
  name: 'Rheumatologieverlaufsdokumentation Connect',
  organization: 'Taumatawhakatangihangakoauauotamatea Regional Health Board',
};
const form = { action: '/interaction/abc', csrf: 'csrf-of-the-page' };

const signIn: SignInModel = {
  ...form,
  cancelAction: '/interaction/abc/cancel',
  sources: [],
  sourceAction: '/interaction/abc/source',
  client: kete,
  record: true,
  own: false,
  identifier: '',
  problem: 'none',
  minutes: 0,
  passkeyAction: '/interaction/abc/passkey',
  options: '{"challenge":"YWJj"}',
};

const practitioner = { name: 'Dr Priya Shah' };
const ward = { name: 'Fernhill Ward App', organization: 'Fernhill Hospital' };

export const role: RoleModel = {
  action: '/interaction/abc/role',
  cancelAction: '/interaction/abc/cancel',
  csrf: form.csrf,
  client: ward,
  account: practitioner,
  organization: 'Fernhill Hospital',
  roles: [
    { id: 'role-1', name: 'Clinical Practitioner', roleProfile: '100000000203' },
    { id: 'role-2', name: 'Health Professional', roleProfile: '100000000204' },
  ],
  problem: 'none',
};

export const consent: ConsentModel = {
  ...form,
  client: { ...kete, site: 'localhost:3000' },
  account: { name: 'Aroha Ngata' },
  role: null,
  reason: '',
  patient: { name: 'Aroha Ngata', isAccount: true },
  records: false,
  until: '21 November 2027',
  offline: true,
  required: [
    { scope: 'openid', words: 'Know that it is you each time you come back', kinds: [] },
    { scope: 'profile', words: 'Know your name', kinds: [] },
    { scope: 'launch/patient', words: 'Know whose health record you choose to open', kinds: [] },
  ],
  optional: [
    {
      scope: 'patient/Patient.rs',
      words: 'See name, birth date and contact details in this health record',
      kinds: [],
      checked: true,
    },
    {
      scope: 'patient/Immunization.rs',
      words: 'See vaccinations in this health record',
      kinds: [],
      checked: true,
    },
    {
      scope: 'patient/*.rs',
      words: 'See the whole health record, and kinds of information that are added later',
      kinds: ['name, birth date and contact details', 'vaccinations', 'prescribed medicines'],
      checked: true,
    },
    { scope: 'offline_access', words: 'Keep access when you are not using it', kinds: [], checked: true },
  ],
  writing: [
    {
      scope: 'patient/MedicationRequest.cud',
      words: 'Add, change or remove prescribed medicines in this health record',
      kinds: [],
      checked: false,
    },
  ],
  held: null,
  problem: 'none',
};

/** Kete Health asks for something new: to add measurements. */
const moreConsent: ConsentModel = {
  ...consent,
  required: [],
  optional: [],
  writing: [
    {
      scope: 'patient/Observation.c',
      words: 'Add test results and measurements to this health record',
      kinds: [],
      checked: true,
    },
  ],
  held: {
    allowed: ['Know that it is you each time you come back', 'See vaccinations in this health record'],
    refused: [],
  },
};

/** What a practitioner is asked: an application of the ward, and one that takes all or nothing. */
export const wardConsent: ConsentModel = {
  ...consent,
  client: { ...ward, site: '127.0.0.1:8090' },
  account: practitioner,
  role: { name: 'Clinical Practitioner', organization: 'Fernhill Hospital' },
  reason: 'directcare',
  patient: null,
  records: true,
  required: [{ scope: 'openid', words: 'Know that it is you each time you come back', kinds: [] }],
  writing: [],
  optional: [
    { scope: 'user/Flag.read', words: 'See the support needs that you may see', kinds: [], checked: true },
    {
      scope: 'user/Flag.write',
      words: 'Add to or change the support needs that you may work on',
      kinds: [],
      checked: true,
    },
    { scope: 'offline_access', words: 'Keep access when you are not using it', kinds: [], checked: true },
  ],
};

const gpConsent: ConsentModel = {
  ...wardConsent,
  client: { name: 'Fernhill GP Clinic', organization: 'Fernhill Hospital', site: '127.0.0.1:8090' },
  required: [
    { scope: 'openid', words: 'Know that it is you each time you come back', kinds: [] },
    { scope: 'patient/*.read', words: 'See one patient’s record at the surgery', kinds: [] },
    { scope: 'conf/N', words: 'See information of ordinary privacy', kinds: [] },
  ],
  optional: [],
  offline: false,
};

/** How long a question stays open, as it says at first. */
const closing: ClosingModel = {
  action: '/interaction/abc/time',
  csrf: form.csrf,
  minutes: 30,
  warnAfter: 1500,
  warnAgainAfter: 1500,
};

const moreTime: MoreTimeModel = { ...form, kind: 'ask', minutes: 5, back: '/interaction/abc' };

const noRecord: NoRecordModel = { ...form, client: kete };

const signOut: SignOutModel = {
  form: '<form id="op.logoutForm" method="post" action="/session/end/confirm"><input type="hidden" name="xsrf" value="secret"/></form>',
  client: kete.name,
  clientId: 'kete-web',
};

const signedOut: SignedOutModel = {
  client: { name: kete.name, uri: 'https://kete.example.test/' },
  stayed: false,
};

const proceed: ContinueModel = {
  action: '/session/end/confirm',
  fields: [
    { name: 'xsrf', value: 'secret' },
    { name: 'logout', value: 'yes' },
  ],
  kind: 'signed-out',
};

const incident = '0b6f1c1e-5a0c-4c7e-9f0e-3d6f6a1b7c22';
const error: ErrorModel = { kind: 'badRequest', incident };
const technical = {
  code: 'invalid_request',
  description: 'redirect_uri did not match any of the client’s registered redirect_uris',
};

/** For each template its states by name: what every page test goes through. */
export const samples: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  ...accountSamples,
  'landing.njk': { demo: demoModel, production: productionModel },
  'sign-in/sign-in.njk': {
    account: { ...signIn, record: false },
    own: { ...signIn, client: { name: 'Assent', organization: '' }, record: false, own: true },
    first: signIn,
    independent: { ...signIn, client: { ...kete, organization: '' } },
    missing: { ...signIn, problem: 'missing' },
    'missing-password': { ...signIn, identifier: 'aroha@example.test', problem: 'missing' },
    wrong: { ...signIn, identifier: 'aroha@example.test', problem: 'wrong' },
    'closing-soon': { ...signIn, closing: { ...closing, minutes: 4, warnAfter: 0 } },
    'closing-last': { ...signIn, closing: { ...closing, minutes: 1, warnAfter: null } },
    busy: { ...signIn, identifier: 'aroha@example.test', problem: 'busy' },
    limited: { ...signIn, identifier: 'aroha@example.test', problem: 'limited', minutes: 15 },
    passkey: { ...signIn, problem: 'passkey' },
    'limited-minute': { ...signIn, identifier: 'aroha@example.test', problem: 'limited', minutes: 1 },
    sources: {
      ...signIn,
      sources: [
        { id: 'nhs-login', name: 'NHS login' },
        { id: 'mha', name: 'My Health Account' },
      ],
    },
    long: { ...signIn, client: long, sources: [{ id: 'long', name: long.name }] },
  } satisfies Record<string, SignInModel & { closing?: ClosingModel }>,
  ...sourceSamples,
  ...stepSamples,
  'sign-in/role.njk': {
    several: role,
    'nothing-chosen': { ...role, problem: 'nothing-chosen' },
    'same-name': {
      ...role,
      client: { ...ward, organization: '' },
      account: { name: 'Wiremu Pōtae' },
      organization: 'Ōtautahi Hospital',
      roles: [
        ...role.roles.map((one) => ({ ...one, name: 'Kaimahi hauora – Health Professional' })),
        { id: 'role-3', name: 'Clinical Practitioner', roleProfile: '' },
      ],
    },
    long: {
      ...role,
      client: long,
      account: { name: 'Wiremu Pōtae-Featherstonehaugh-Cholmondeley' },
      organization: long.organization,
      roles: [
        { id: 'role-1', name: 'Rheumatologieverlaufsdokumentationsassistent', roleProfile: '1'.repeat(40) },
        { id: 'role-2', name: 'Consultant in Public Health, Dental and Community Medicine', roleProfile: '' },
      ],
      problem: 'nothing-chosen',
    },
  } satisfies Record<string, RoleModel>,
  'sign-in/consent.njk': {
    own: consent,
    child: { ...consent, patient: { name: 'Tama Ngata', isAccount: false }, offline: false },
    records: { ...consent, patient: null, records: true },
    role: wardConsent,
    'role-secondary': { ...wardConsent, reason: 'secondaryuses' },
    'role-migration': { ...wardConsent, reason: 'migration' },
    'role-whole': gpConsent,
    'role-long': {
      ...gpConsent,
      client: { ...long, site: '127.0.0.1:8090' },
      role: { name: 'Rheumatologieverlaufsdokumentationsassistent', organization: long.organization },
    },
    more: moreConsent,
    'more-refused-before': {
      ...moreConsent,
      held: { allowed: ['Know your name'], refused: ['See allergies in this health record'] },
    },
    'more-reading': { ...moreConsent, optional: consent.optional },
    'more-whole': { ...moreConsent, required: consent.required, writing: [] },
    'writing-nothing-chosen': {
      ...moreConsent,
      writing: moreConsent.writing.map((line) => ({ ...line, checked: false })),
      problem: 'nothing-chosen',
    },
    'no-patient': { ...consent, client: { ...consent.client, organization: '' }, patient: null },
    'nothing-optional': { ...consent, optional: [], writing: [] },
    'nothing-required': { ...consent, required: [] },
    'nothing-chosen': {
      ...consent,
      optional: consent.optional.map((line) => ({ ...line, checked: false })),
      problem: 'nothing-chosen',
    },
    long: {
      ...consent,
      client: { ...long, site: 'rheumatologieverlaufsdokumentation.connect.example.test:8443' },
      patient: { name: 'Wiremu Pōtae-Featherstonehaugh-Cholmondeley', isAccount: false },
    },
  } satisfies Record<string, ConsentModel>,
  'sign-in/more-time.njk': {
    ask: moreTime,
    minute: { ...moreTime, minutes: 1 },
    last: { ...moreTime, kind: 'last' },
  } satisfies Record<string, MoreTimeModel>,
  'sign-in/no-record.njk': { first: noRecord, long: { ...noRecord, client: long } } satisfies Record<
    string,
    NoRecordModel
  >,
  'sign-in/sign-out.njk': { client: signOut, alone: { ...signOut, client: '' } } satisfies Record<
    string,
    SignOutModel
  >,
  'sign-in/signed-out.njk': {
    client: signedOut,
    alone: { client: null, stayed: false },
    stayed: { client: null, stayed: true },
  } satisfies Record<string, SignedOutModel>,
  'sign-in/continue.njk': { 'signed-out': proceed, switch: { ...proceed, kind: 'switch' } } satisfies Record<
    string,
    ContinueModel
  >,
  'error.njk': {
    unexpected: { kind: 'unexpected', incident },
    'not-found': { kind: 'notFound', incident },
    expired: { kind: 'expired', incident },
    'bad-request': error,
    unavailable: { kind: 'unavailable', incident },
    interrupted: { kind: 'interrupted', incident },
    forbidden: { kind: 'forbidden', incident },
    'forbidden-again': { kind: 'forbidden', incident, again: '/interaction/abc' },
    'too-large': { kind: 'tooLarge', incident },
    'too-many': { kind: 'tooMany', incident },
    'account-not-found': { kind: 'notFound', incident, place: 'account' },
    'account-forbidden': { kind: 'forbidden', incident, place: 'account' },
    technical: errorModel({ ...error, ...technical }),
    'way-on': errorModel({ ...error, ...technical, wayOn: signedOut.client }),
    'code-alone': errorModel({ ...error, code: 'invalid_client', wayOn: { ...long, uri: '/' } }),
  } satisfies Record<string, ErrorModel>,
  ...keteSamples,
  ...joiningSamples,
};

/** The pages around signing in go by their own names alone. */
const nameOf = (template: string) =>
  template
    .replace(/\.njk$/, '')
    .replace(/^sign-in\//, '')
    .replaceAll('/', '-');

/** Pages of questions, which stay open for a while. */
const questions = new Set(
  ['sign-in', 'code', 'passkey', 'no-passkey', 'role', 'consent', 'no-record'].map(
    (name) => `sign-in/${name}.njk`,
  ),
);

/** Every sample as `[name, template, model]`, such as `consent-own`. */
export const sampleList: readonly (readonly [name: string, template: string, model: object])[] =
  Object.entries(samples).flatMap(([template, states]) =>
    Object.entries(states).map(
      ([state, model]) =>
        [
          `${nameOf(template)}-${state}`,
          template,
          questions.has(template) ? { closing, ...model } : model,
        ] as const,
    ),
  );
