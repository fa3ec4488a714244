import type { Received } from '../../integration/crash/load.ts';
import type { Answer, Sent } from '../../support/fixtures.ts';
import { LOST } from '../stage/gateway.ts';

/** One request of the load, and what became of it. */
export interface Done {
  /** What was wanted: `code`, `refresh`, `introspection` … */
  readonly kind: string;
  /** `200`, the status with the OAuth error, or `lost` when no whole answer came. */
  readonly outcome: string;
  /** What `Retry-After` said. */
  readonly retryAfter: string | undefined;
  /** By the clock that nobody moves (`performance.now`). */
  readonly begun: number;
  readonly ended: number;
}

/** A request with something that can be used once. */
export interface OneTime {
  readonly kind: string;
  readonly sent: Sent;
  /** Of its first use. */
  readonly outcome: string;
}

/** What the load has seen so far. */
export interface Ledger {
  readonly done: readonly Done[];
  /** Tokens that clients hold. */
  readonly received: readonly Received[];
  readonly once: readonly OneTime[];
  /**
   * Refresh tokens, by their digest, that were refused when they were used again after a 503: their exchange must have been
   * committed although its answer could not say so.
   */
  readonly doubts: readonly string[];
}

/** Sends a request of the load. */
export type Transport = (sent: Sent) => Promise<Answer>;

function errorOf(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: string };
    return error === undefined ? '' : ` ${error}`;
  } catch {
    // A page, which a person reads.
    return '';
  }
}

/** What became of a request, in a few words. */
export const describe = ({ status, body }: Pick<Answer, 'status' | 'body'>): string =>
  status === LOST ? 'lost' : `${status}${status < 400 ? '' : errorOf(body)}`;

/** Whether a request succeeded. */
export const succeeded = ({ outcome }: Pick<Done, 'outcome'>) => /^[23]/.test(outcome);

/** Whether a client was told to come again later, as it should be. */
export const postponed = ({ outcome, retryAfter }: Pick<Done, 'outcome' | 'retryAfter'>) =>
  outcome.startsWith('503') && /^\d+$/.test(retryAfter ?? '');

/** Outcomes of each kind with their number, for a line of summary. */
export function summary(done: readonly Done[]): string {
  const kinds = [...Map.groupBy(done, ({ kind }) => kind)].map(([kind, all]) => {
    const outcomes = [...Map.groupBy(all, ({ outcome }) => outcome)].map(
      ([outcome, these]) => `${these.length} × ${outcome}`,
    );
    return `${kind} ${outcomes.join(', ')}`;
  });
  return kinds.join('; ');
}
