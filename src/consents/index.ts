export { type AnsweredPage, type Consents, createConsents } from './consents.ts';
export { fhirConsent } from './fhir-consent.ts';
export {
  type ConsentLine,
  type LineTeller,
  lastDay,
  type QuestionLine,
  questionLines,
  type Reach,
  readAnswer,
  scopesOf,
  undecided,
  withCovered,
} from './lines.ts';
export type { ConsentList, ConsentPlace, ListedConsent } from './list.ts';
export {
  type Receipt,
  type ReceiptSpeaker,
  receiptOf,
  receiptText,
  type SaidReceipt,
  sayReceipt,
} from './receipt.ts';
export type { Consent, ConsentKey } from './rows.ts';
export { canonicalJson, type Shown, type ShownLine, textDigest } from './shown.ts';
export { consentUnder, type Standing, type Standings } from './standing.ts';
export type { Narrowed, TakingBack, Withdrawn } from './taking-back.ts';
export { withoutLine } from './without-line.ts';
