import type { AccountPageModel } from './models.ts';

/** One thing that an application may do. */
export interface AllowedLine {
  /** Its place among the lines of the decision. */
  readonly number: number;
  readonly words: string;
  /** Whether it goes only together with everything. */
  readonly required: boolean;
}

/** An application with what a person allowed it, for one record and in one role. */
export interface ApplicationModel {
  /** Id of the decision. */
  readonly id: string;
  readonly name: string;
  /** `''` where there is none. */
  readonly organization: string;
  /** Whose record. `own`: that of the person herself; `patients`: of those whom she cares for; `none`: no record. */
  readonly record: 'own' | 'patients' | 'none' | 'other';
  /** Name of the person whose record it is, where that is somebody else; else `''`. */
  readonly patient: string;
  /** Name of the role in which a practitioner decided, `''` for everybody else. */
  readonly role: string;
  readonly since: Date;
  /** When it last had or used a token; null: never. */
  readonly lastUsed: Date | null;
  readonly until: Date;
  readonly allowed: readonly AllowedLine[];
  /** The words of what the person refused. */
  readonly refused: readonly string[];
  /** When it ended; null while it holds. */
  readonly ended: Date | null;
  /** Why: `withdrawn`, `expired`, `role ended`, `replaced`, `restored` or `other`; `''` while it holds. */
  readonly kind: '' | 'withdrawn' | 'expired' | 'role ended' | 'replaced' | 'restored' | 'other';
}

/** What `account/applications.njk` shows. */
export interface ApplicationsModel extends AccountPageModel {
  readonly live: readonly ApplicationModel[];
  readonly ended: readonly ApplicationModel[];
  /** Address of what ended before; `''` on the last page. */
  readonly older: string;
  /** Whether it is the first page of what has ended. */
  readonly latest: boolean;
}

/** What `account/application.njk` shows. */
export interface ApplicationPageModel extends AccountPageModel {
  /** Whether there is a copy of it in FHIR: of a decision about one patient's record. */
  readonly fhir: boolean;
  readonly application: ApplicationModel;
}

/** What `account/take-back.njk` shows: whether everything is to be taken back. The form sends `csrf`. */
export interface TakeBackModel extends AccountPageModel {
  readonly action: string;
  readonly application: ApplicationModel;
}

/** What `account/take-back-line.njk` shows: whether one line is to be taken back. The form sends `csrf`. */
export interface TakeBackLineModel extends TakeBackModel {
  /** The words of the line. */
  readonly words: string;
  /** The words of what goes with it, because it reaches into the same. */
  readonly goesToo: readonly string[];
  /** `whole`: it goes only together with everything, so there is no form. */
  readonly problem: 'none' | 'whole';
}
