import type { Account } from '../accounts/index.ts';
import { type Api, hasProvenance, hasSmartLaunch } from '../catalogue/index.ts';

/** Whose record a request opens. */
export type RecordChoice =
  /** It opens no single record. */
  | { readonly kind: 'none' }
  /** It would open one, and there is none that this person may open. */
  | { readonly kind: 'missing' }
  /** `patient`: logical id of the FHIR Patient. */
  | { readonly kind: 'chosen'; readonly patient: string };

/**
 * Whether these scopes open the record of one patient (SMART: `patient/` scopes imply `launch/patient`). In the Spine
 * families `patient/` is whichever patient the practitioner has before her.
 */
export function needsPatient(api: Api | undefined, scopes: readonly string[]): boolean {
  if (!hasSmartLaunch(api)) return false;
  return scopes.some((scope) => scope === 'launch/patient' || scope.startsWith('patient/'));
}

/**
 * Decides whose record a request opens, when it is known who is there. So far everybody opens her own and nobody else's:
 * whoever acts for others will be asked about here.
 */
export function chooseRecord(
  account: Account,
  api: Api | undefined,
  scopes: readonly string[],
): RecordChoice {
  if (!needsPatient(api, scopes)) return { kind: 'none' };
  return account.patient === undefined ? { kind: 'missing' } : { kind: 'chosen', patient: account.patient };
}

/**
 * Decides whether somebody may still open the record that a decision of hers was about; it may have been linked to the wrong
 * account when she decided.
 *
 * @param patient logical id of the FHIR Patient; undefined where the decision was about no single record
 */
export const mayStillOpen = (account: Account, patient: string | undefined): boolean =>
  patient === undefined || patient === account.patient;

/** What a page says of the records that a request opens: her own, whichever a practitioner has before her, or none. */
export function recordsShown(
  account: Account,
  api: Api | undefined,
  scopes: readonly string[],
): 'own' | 'others' | 'none' {
  if (needsPatient(api, scopes)) return 'own';
  if (hasProvenance(api)) return 'others';
  if (!scopes.some((scope) => scope.startsWith('user/'))) return 'none';
  return account.practitioner === undefined ? 'own' : 'others';
}
