import * as firstToken from '../../migrations/0001_first_token.ts';
import * as personAuthorises from '../../migrations/0002_a_person_authorises.ts';
import * as practitionerAsks from '../../migrations/0003_a_practitioner_asks.ts';
import * as keyRotation from '../../migrations/0004_key_rotation.ts';
import * as consentsByRole from '../../migrations/0005_consents_by_role.ts';
import * as takenBackAndWatched from '../../migrations/0006_taken_back_and_watched.ts';
import * as auditWritten from '../../migrations/0007_audit_written.ts';
import * as consumedByOneClock from '../../migrations/0008_consumed_by_one_clock.ts';
import * as oldestProgram from '../../migrations/0009_oldest_program.ts';
import * as peopleDecide from '../../migrations/0010_people_decide.ts';
import * as auditByPerson from '../../migrations/0011_audit_by_person.ts';
import * as proofsCounted from '../../migrations/0012_proofs_counted.ts';

/** One numbered change of the schema. Forward only: a mistake is mended by the next number. */
export interface Migration {
  readonly name: string;
  /** SQL, one statement an entry. */
  readonly statements: readonly string[];
  /** `safe-while-running`: the version before it works on the new schema too. */
  readonly safety: string;
  /** False where PostgreSQL takes no transaction; such a migration can be run again after it was cut off. */
  readonly inTransaction?: boolean;
  /**
   * Number of the last migration that a program must know to work on the new schema. Without it whatever worked on the
   * schema before goes on working: it only adds.
   */
  readonly oldestProgram?: number;
}

/** All of them, in their order. */
export const migrations: readonly Migration[] = [
  { name: '0001_first_token', ...firstToken },
  { name: '0002_a_person_authorises', ...personAuthorises },
  { name: '0003_a_practitioner_asks', ...practitionerAsks },
  { name: '0004_key_rotation', ...keyRotation },
  { name: '0005_consents_by_role', ...consentsByRole },
  { name: '0006_taken_back_and_watched', ...takenBackAndWatched },
  { name: '0007_audit_written', ...auditWritten },
  { name: '0008_consumed_by_one_clock', ...consumedByOneClock },
  { name: '0009_oldest_program', ...oldestProgram },
  { name: '0010_people_decide', ...peopleDecide },
  { name: '0011_audit_by_person', ...auditByPerson },
  { name: '0012_proofs_counted', ...proofsCounted },
];

/** What a migration means for the programs that run while it is applied, and for those started after it. */
export function describeSafety({ safety, oldestProgram }: Migration): string {
  if (oldestProgram === undefined) return safety;
  return `${safety}; a version without ${String(oldestProgram).padStart(4, '0')} does not work any more`;
}
