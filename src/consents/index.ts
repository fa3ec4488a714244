export { type Consent, type ConsentKey, type Consents, createConsents } from './consents.ts';
export { fhirConsent } from './fhir-consent.ts';
export { createKeptConsents, type KeptConsent, type KeptConsents } from './kept.ts';
export {
  type ConsentLine,
  decided,
  lastDay,
  type QuestionLine,
  questionLines,
  type Reach,
  readAnswer,
  scopesOf,
  withCovered,
} from './lines.ts';
export {
  type Receipt,
  type ReceiptSpeaker,
  receiptOf,
  receiptText,
  type SaidReceipt,
  sayReceipt,
} from './receipt.ts';
export { canonicalJson, type Shown, type ShownLine, textDigest } from './shown.ts';
