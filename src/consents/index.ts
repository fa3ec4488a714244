export { type Consent, type ConsentKey, type Consents, createConsents, lastDay } from './consents.ts';
export {
  type ConsentLine,
  decided,
  type QuestionLine,
  questionLines,
  type Reach,
  readAnswer,
  scopesOf,
  withCovered,
} from './lines.ts';
