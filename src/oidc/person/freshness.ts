import { CLOCK_SKEW } from '../../clock.ts';

/** How lately somebody must have proved who she is for one request. */
export interface Freshness {
  /** Seconds for which a sign-in counts; 0: she is to sign in anew. */
  readonly longest: number;
  /** The earliest time that counts, in seconds since 1970. */
  readonly earliest: number;
}

/**
 * For how many seconds a sign-in counts for a request (pure): the least of what `prompt=login` and `max_age` say (OpenID Connect
 * Core section 3.1.2.1) and of what changing a record needs; undefined where all the same.
 *
 * @param request `maxAge`: the parameter, in seconds; `own`: what we ask for ourselves, in seconds
 */
export function longestAge(request: {
  readonly prompts: ReadonlySet<string>;
  readonly maxAge: unknown;
  readonly own: number | undefined;
}): number | undefined {
  const { prompts, maxAge, own } = request;
  const asked = [
    ...(prompts.has('login') ? [0] : []),
    ...(maxAge === undefined ? [] : [Number(maxAge)]),
    ...(own === undefined ? [] : [own]),
  ].filter(Number.isFinite);
  return asked.length === 0 ? undefined : Math.min(...asked);
}

/**
 * What counts as fresh (pure). It is judged from when the request first asked who it is: pages that follow, and stay open, make
 * nobody less fresh. An identity source's clock may differ from ours.
 *
 * @param began when that was, in seconds since 1970
 */
export const freshnessOf = (longest: number, began: number): Freshness => ({
  longest,
  earliest: began - longest - CLOCK_SKEW / 1000,
});

/** When the request first asked who it is, which answers carry on. @param details of the question that is open */
export function beganAt(details: {
  readonly iat?: number | undefined;
  readonly lastSubmission?: { readonly login?: { readonly [name: string]: unknown } | undefined } | undefined;
}): number {
  const before = details.lastSubmission?.login?.began;
  return typeof before === 'number' ? before : (details.iat ?? 0);
}
