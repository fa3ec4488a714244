import { CLOCK_SKEW } from '../clock.ts';
import type { SourceSettings } from './settings.ts';

/** How lately somebody must have signed in at a source. */
export interface Freshness {
  /** Seconds for which a sign-in there counts; 0: she is to sign in anew. */
  readonly longest: number;
  /** The earliest time that counts, in seconds since 1970. */
  readonly earliest: number;
}

type Settings = Pick<SourceSettings, 'single_sign_on'>;

/** Seconds for which an earlier sign-in there is enough at most: as long as a session here lasts. */
const LONGEST = 12 * 60 * 60;

/**
 * A sign-in there from now on (pure), for something that no earlier one will do for. A source's clock may differ from ours.
 *
 * @param now in seconds since 1970
 */
export const anewFrom = (now: number): Freshness => ({ longest: 0, earliest: now - CLOCK_SKEW / 1000 });

/**
 * What a provider is asked about time (OpenID Connect Core section 3.1.2.1): to ask for a sign-in anew, unless an earlier one is
 * enough; and with `max_age` to say when it was, wherever somebody here will want to know.
 *
 * @param longest seconds for which a sign-in there counts; undefined where all the same
 */
export function freshParameters(
  { single_sign_on: sso }: Settings,
  longest: number | undefined,
): Readonly<Record<string, string>> {
  const anew = !sso || longest === 0;
  const age = longest === undefined ? (sso ? LONGEST : undefined) : Math.min(longest, LONGEST);
  return {
    ...(anew ? { prompt: 'login' } : {}),
    ...(age === undefined ? {} : { max_age: String(age) }),
  };
}

/**
 * Why the time of a sign-in there does not do: none was told where one had to be, or it is too long ago, also for a session
 * here, which would be over as soon as it began.
 *
 * @param signedInAt `auth_time`, in seconds since 1970
 * @param now likewise
 */
export function timeFault(
  { single_sign_on: sso }: Settings,
  fresh: Freshness | undefined,
  signedInAt: number | undefined,
  now: number,
): 'auth_time_missing' | 'auth_time_old' | undefined {
  if (signedInAt === undefined) return fresh !== undefined || sso ? 'auth_time_missing' : undefined;
  const tooOld = signedInAt <= now - LONGEST || (fresh !== undefined && signedInAt < fresh.earliest);
  return tooOld ? 'auth_time_old' : undefined;
}
