export { aboveCeiling } from './ceilings.ts';
export {
  createPractitioners,
  type Listed,
  type PractitionerRecord,
  type PractitionerRole,
  type Practitioners,
} from './practitioners.ts';
