import { type ScopeFamily, uncovered } from '../scopes/index.ts';

/** The most that a kind of job may have, in each family of scopes that names a role in its tokens. */
type Ceiling = Readonly<Partial<Record<ScopeFamily, readonly string[]>>>;

const clinical: Ceiling = {
  spine: ['user/*.read', 'user/*.write', 'patient/*.read', 'patient/*.write'],
  'gp-connect': [
    'patient/*.read',
    'patient/*.write',
    'organization/*.read',
    'organization/*.write',
    'conf/N',
    'conf/R',
  ],
};

/** Students see what they learn from and change nothing. */
const student: Ceiling = {
  spine: ['user/*.read', 'patient/*.read'],
  'gp-connect': ['patient/*.read', 'organization/*.read', 'conf/N'],
};

/**
 * At the desk: what somebody needs who comes in (Flag, Consent, List), free slots, and booking and registering, which GP
 * Connect calls patient/*.write. Reading is not among it, because patient/*.read opens the whole record.
 */
const administrative: Ceiling = {
  spine: ['user/Flag.read', 'user/Consent.read', 'user/List.read'],
  'gp-connect': ['patient/*.write', 'organization/*.read', 'conf/N'],
};

/** By SDS job role code (spine-jwt.md section 11.1). A code that is not here has nothing. */
const ceilings: Readonly<Record<string, Ceiling>> = {
  R0260: clinical, // General Medical Practitioner
  R8000: clinical, // Clinical Practitioner
  R8001: clinical, // Nurse
  R8003: clinical, // Health Professional
  R8016: clinical, // Midwife
  R8004: student, // Healthcare Student
  R8006: administrative, // Medical Secretary
  R8008: administrative, // Admin/Clinical Support
  R8009: administrative, // Receptionist
  R8010: administrative, // Clerical
};

/**
 * The scopes that are above the ceiling of a job role, in the order given; the first is the one to name in an
 * `invalid_scope` error.
 *
 * @param jobRole SDS job role code, for example R8000
 */
export function aboveCeiling(jobRole: string, family: ScopeFamily, scopes: readonly string[]): string[] {
  const ceiling = Object.hasOwn(ceilings, jobRole) ? ceilings[jobRole] : undefined;
  return uncovered(family, ceiling?.[family] ?? [], scopes);
}
