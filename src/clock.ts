import { randomUUID } from 'node:crypto';

/** Where features read the time. Its only source is `Date`, so that shifting `Date` moves the libraries too. */
export interface Clock {
  /** The time now. */
  now(): Date;
  /** The time now in whole seconds since 1970 (NumericDate of RFC 7519 section 2). */
  seconds(): number;
}

/** Where features take new identifiers from. */
export interface Ids {
  /** A random UUID (version 4): unique, not secret. */
  uuid(): string;
}

/** A node whose clock is this far from the database's is not to be relied on, in milliseconds. */
export const CLOCK_SKEW = 60_000;

/** The clock of a running program. */
export const systemClock: Clock = {
  now: () => new Date(),
  seconds: () => Math.floor(Date.now() / 1000),
};

/** The identifiers of a running program. */
export const randomIds: Ids = { uuid: () => randomUUID() };
