import { CLOCK_SKEW } from '../clock.ts';

/** How long `/jwks` may be cached (its `max-age`, RFC 9111 section 5.2.2.1), in seconds: as long as an access token lives. */
export const JWKS_MAX_AGE = 300;

/** How often a running server looks whether the keys have changed, in seconds. One small SELECT each. */
export const POLL = 5;

/**
 * How far the clocks of two nodes that change keys can be apart, in seconds: each is less than `CLOCK_SKEW` from the
 * database's, one ahead and one behind.
 */
const CLOCKS_APART = (2 * CLOCK_SKEW) / 1000;

/**
 * Seconds that a key must have been published before it may sign: then no cached key set is without it.
 *
 * A server publishes a new key at its next look, and a cache filled just before that holds for `JWKS_MAX_AGE` more. One node
 * dates the key and another one finds that it is old enough, so the difference of their clocks is added. The rest is for looks
 * that are slow or fail a few times, and for the time from making a key to its commit. A node that cannot read the keys for
 * longer cannot answer /health/ready either.
 */
export const PUBLISHED_BEFORE = JWKS_MAX_AGE + POLL + CLOCKS_APART + 55;

/**
 * How long a retiring key stays published, in seconds: far longer than an access token (300 s) plus any
 * cache of the key set, so that also id_tokens shown as a hint on the same day can be checked.
 */
export const RETIRING_LIFE = 24 * 3600;
