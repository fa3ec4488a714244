import type { StepModel } from '../../../src/web/sign-in/models.ts';

const kete = { name: 'Kete Health', organization: 'Kete Health Ltd' };
/** A name that a narrow screen can only show by breaking a word. */
const long = { name: 'Rheumatologieverlaufsdokumentation Connect', organization: '' };

const step: StepModel = {
  action: '/interaction/abc',
  csrf: 'csrf-of-the-page',
  passkeyAction: '/interaction/abc/own-passkey',
  restartAction: '/interaction/abc/restart',
  cancelAction: '/interaction/abc/cancel',
  client: kete,
  account: { name: 'Aroha Ngata' },
  options: '',
  problem: 'none',
  minutes: 0,
};
const withOptions: StepModel = { ...step, options: '{"challenge":"YWJj"}' };

/** The pages that come after the password. */
export const stepSamples: Readonly<Record<string, Readonly<Record<string, StepModel>>>> = {
  'sign-in/code.njk': {
    first: step,
    passkey: withOptions,
    missing: { ...step, problem: 'missing' },
    wrong: { ...step, problem: 'wrong' },
    limited: { ...step, problem: 'limited', minutes: 4 },
    'passkey-refused': { ...withOptions, problem: 'passkey' },
    long: { ...step, client: long },
  },
  'sign-in/passkey.njk': {
    first: withOptions,
    refused: { ...withOptions, problem: 'passkey' },
    long: { ...withOptions, client: long },
  },
  'sign-in/no-passkey.njk': {
    first: withOptions,
    again: step,
    refused: { ...withOptions, problem: 'passkey' },
    name: { ...withOptions, problem: 'name' },
    long: { ...withOptions, client: long },
  },
};
