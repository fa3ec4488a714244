import type { Answered } from '../../../src/db/index.ts';
import type { Added, Narrowing, Revocation, Revocations } from '../../../src/revocations/revocations.ts';

/** A clock that stands still until it is told otherwise. */
export interface TestClock {
  now(): Date;
  seconds(): number;
  /** Moves it, back too. */
  pass(milliseconds: number): void;
}

/** A clock at noon. */
export function createTestClock(): TestClock {
  let at = Date.parse('2026-03-02T12:00:00Z');
  return {
    now: () => new Date(at),
    seconds: () => Math.floor(at / 1000),
    pass(milliseconds) {
      at += milliseconds;
    },
  };
}

/** A table of revocations in memory, of which each row says which transaction wrote it. */
export interface FakeRevocations extends Revocations {
  /** Adds a row. @param xid the transaction that wrote it; the next one unless told otherwise */
  put(revocation: Revocation, xid?: bigint): void;
  /** The oldest transaction that has not ended from now on; without one all have. */
  hold(xid?: bigint): void;
  /** Another database takes the place of this one: its transactions count from 1 again. */
  startAnew(): void;
  /** Who answers from now on: another server, or another process of the same one. */
  answerAs(by: Answered): void;
  /** Fails from now on, or works again. */
  fail(error?: Error): void;
  /** Lets looks wait until the function that is returned is called. */
  pause(): () => void;
  /** From where on each look asked. */
  readonly asked: bigint[];
  /** How often the table was asked about one token. */
  readonly lookUps: () => number;
}

/** An empty table, whose own time is that of the clock. */
export function createFakeRevocations(clock: { now(): Date }): FakeRevocations {
  let rows: (Revocation & { readonly xid: bigint })[] = [];
  let narrowings: (Narrowing & { readonly xid: bigint })[] = [];
  let next = 1000n;
  let held: bigint | undefined;
  let by: Answered = { server: 'primary', session: 1 };
  let failing: Error | undefined;
  let waiting: Promise<void> | undefined;
  let lookUps = 0;
  const asked: bigint[] = [];
  return {
    asked,
    lookUps: () => lookUps,
    put(revocation, xid) {
      rows.push({ ...revocation, xid: xid ?? next });
      if (xid === undefined) next += 1n;
    },
    hold(xid) {
      held = xid;
    },
    startAnew() {
      rows = [];
      narrowings = [];
      next = 1n;
    },
    answerAs(other) {
      by = other;
    },
    fail(error) {
      failing = error;
    },
    pause() {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting = promise;
      return () => {
        waiting = undefined;
        resolve();
      };
    },
    async add(revocations) {
      for (const one of revocations) this.put(one);
      return revocations.length;
    },
    async narrow(narrowing) {
      narrowings = narrowings.filter(({ grant }) => grant !== narrowing.grant);
      narrowings.push({ ...narrowing, xid: next });
      next += 1n;
    },
    async since(horizon): Promise<Added> {
      asked.push(horizon);
      // What is answered is what there was when it was asked.
      const seen = {
        ...by,
        at: clock.now(),
        horizon: held ?? next,
        revocations: visible(horizon),
        narrowings: narrowings.filter(({ xid, expiresAt }) => xid >= horizon && expiresAt > clock.now()),
      };
      const fault = failing;
      await waiting;
      if (fault !== undefined) throw fault;
      return seen;
    },
    async has({ token, grant, version = 0 }, now) {
      lookUps += 1;
      if (failing !== undefined) throw failing;
      const less = narrowings.some(
        (one) => one.grant === grant && one.toVersion >= version && one.expiresAt > now,
      );
      const taken = rows.some(
        ({ kind, id, expiresAt }) => expiresAt > now && id === (kind === 'token' ? token : grant),
      );
      return taken || less;
    },
  };

  function visible(horizon: bigint): Revocation[] {
    return rows.filter(({ xid, expiresAt }) => xid >= horizon && expiresAt > clock.now());
  }
}
