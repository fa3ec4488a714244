import { outboxModel } from '../../../src/demo/outbox.ts';
import type { AddressConfirmModel, AddressModel } from '../../../src/web/account/address.ts';
import type { AccountPageModel } from '../../../src/web/account/models.ts';
import type {
  CodeModel,
  ForgottenModel,
  JoinedModel,
  JoinModel,
  OverModel,
  ResetModel,
} from '../../../src/web/joining/models.ts';

const form = { action: '/account/join', csrf: 'csrf-of-the-page' };
const longAddress = `${'wiremu.potae-featherstonehaugh'.repeat(2)}@taumatawhakatangihangakoauauotamatea.example.test`;

const join: JoinModel = {
  ...form,
  name: 'Ngaio Reweti',
  email: 'ngaio@example.test',
  proved: false,
  least: 8,
  problem: 'none',
};
const forgotten: ForgottenModel = { ...form, identifier: '', problem: 'none', minutes: 0 };
const reset: ResetModel = { ...form, needsCode: false, least: 8, minutes: 0, problem: 'none' };
const code: CodeModel = { ...form, problem: 'none' };

/** Every way in which a password that somebody chose is not taken. */
const passwordProblems = ['missing', 'different', 'short', 'long', 'personal', 'common', 'busy'] as const;
const withEach = <Model extends object>(model: Model) =>
  Object.fromEntries(passwordProblems.map((problem) => [problem, { ...model, problem }]));

/** The pages on which nobody has to be signed in. */
export const joiningSamples: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  'joining/code.njk': {
    first: code,
    missing: { ...code, problem: 'missing' },
    unknown: { ...code, problem: 'unknown' },
  } satisfies Record<string, CodeModel>,
  'joining/join.njk': {
    first: join,
    proved: { ...join, proved: true },
    email: { ...join, email: 'ngaio', problem: 'email' },
    'too-many': { ...join, problem: 'tooMany' },
    ...withEach(join),
    long: { ...join, name: 'Wiremu Pōtae-Featherstonehaugh-Cholmondeley', email: longAddress, proved: true },
  } satisfies Record<string, JoinModel>,
  'joining/joined.njk': {
    joined: { kind: 'joined', email: 'ngaio@example.test' },
    proved: { kind: 'proved', email: 'ngaio@example.test' },
    sent: { kind: 'sent', email: 'ngaio@example.test' },
    long: { kind: 'sent', email: longAddress },
  } satisfies Record<string, JoinedModel>,
  'joining/forgotten.njk': {
    first: forgotten,
    missing: { ...forgotten, problem: 'missing' },
    limited: { ...forgotten, identifier: 'ngaio@example.test', problem: 'limited', minutes: 4 },
  } satisfies Record<string, ForgottenModel>,
  'joining/reset-sent.njk': { first: {} },
  'joining/reset.njk': {
    first: reset,
    'with-code': { ...reset, needsCode: true },
    code: { ...reset, needsCode: true, problem: 'code' },
    limited: { ...reset, needsCode: true, problem: 'limited', minutes: 1 },
    ...withEach(reset),
  } satisfies Record<string, ResetModel>,
  'joining/reset-done.njk': { first: {} },
  'joining/over.njk': {
    invitation: { kind: 'invitation' },
    person: { kind: 'person' },
    reset: { kind: 'reset' },
    address: { kind: 'address' },
    foreign: { kind: 'foreign' },
  } satisfies Record<string, OverModel>,
  'demo/outbox.njk': {
    none: outboxModel([], 'http://localhost:3000'),
    some: outboxModel(
      [
        {
          kind: 'reset',
          to: 'aroha@example.test',
          subject: 'Choose a new password',
          text: 'Open this link: http://localhost:3000/account/reset/ABC\n\nThank you.\n',
          createdAt: new Date('2026-11-22T09:30:00Z'),
        },
      ],
      'http://localhost:3000',
    ),
  },
};

const address: AddressModel = {
  email: 'aroha@example.test',
  verified: true,
  typed: '',
  problem: 'none',
  minutes: 0,
};

/** The pages about the contact address. @param shared what every account page shows */
export const addressSamples = (shared: AccountPageModel): Record<string, Record<string, object>> => ({
  'account/address.njk': {
    first: { ...shared, ...address },
    unproved: { ...shared, ...address, verified: false },
    none: { ...shared, ...address, email: '', verified: false },
    email: { ...shared, ...address, typed: 'aroha', problem: 'email' },
    limited: { ...shared, ...address, typed: 'a@example.test', problem: 'limited', minutes: 2 },
    sent: { ...shared, ...address, notice: 'address-sent' },
    confirmed: { ...shared, ...address, notice: 'address-confirmed' },
    long: { ...shared, ...address, email: longAddress },
  } satisfies Record<string, AccountPageModel & AddressModel>,
  'account/address-confirm.njk': {
    first: { ...shared, action: '/account/address/ABC', email: 'aroha@example.test' },
    long: { ...shared, action: '/account/address/ABC', email: longAddress },
  } satisfies Record<string, AccountPageModel & AddressConfirmModel>,
});
