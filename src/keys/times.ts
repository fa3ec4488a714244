/** How long `/jwks` may be cached (its `max-age`, RFC 9111 section 5.2.2.1), in seconds: as long as an access token lives. */
export const JWKS_MAX_AGE = 300;

/** How often a running server looks whether the keys have changed, in seconds. One small SELECT each. */
export const POLL = 5;

/**
 * Seconds that a key must have been published before it may sign: then no cached key set is without it.
 *
 * A server publishes a new key at its next look, and a cache filled just before that holds for `JWKS_MAX_AGE` more. The
 * margin is for looks that are slow or fail a few times, for the time from making a key to its commit, and for clocks of
 * nodes that differ by seconds. A node that cannot read the keys for longer cannot answer /health/ready either.
 */
export const PUBLISHED_BEFORE = JWKS_MAX_AGE + POLL + 55;

/**
 * How long a retiring key stays published, in seconds: far longer than an access token (300 s) plus any
 * cache of the key set, so that also id_tokens shown as a hint on the same day can be checked.
 */
export const RETIRING_LIFE = 24 * 3600;
