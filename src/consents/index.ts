export { type Consent, type ConsentKey, type Consents, createConsents } from './consents.ts';
export {
  type ConsentLine,
  decided,
  type QuestionLine,
  questionLines,
  readAnswer,
  scopesOf,
} from './lines.ts';
export type { Exchanged, Next, Question, Questions } from './question.ts';
