import type { Question } from '../../oidc/index.ts';
import type { ClosingModel } from './models.ts';

/** How long before its end a page asks whether more time is needed, in seconds: time to read, to think and to press. */
const NOTICE = 5 * 60;

/** How long a page stays open once more time was given, in seconds: half an hour, as at first. */
const LIFE = 30 * 60;

/** Minutes that are left, rounded: half an hour is that, too, when the page took a second to come. Never none: it has not closed yet. */
export const minutesLeft = (seconds: number): number => Math.max(1, Math.round(seconds / 60));

/** What a question's page says about its end. */
export function closing(uid: string, closes: Question['closes'], csrf: string): ClosingModel {
  return {
    action: `/interaction/${uid}/time`,
    csrf,
    minutes: minutesLeft(closes.seconds),
    warnAfter: closes.later ? Math.max(0, closes.seconds - NOTICE) : null,
    warnAgainAfter: LIFE - NOTICE,
  };
}
