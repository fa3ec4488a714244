import type { Clock } from '../../clock.ts';
import { lifetimes } from '../lifetimes.ts';
import { type ArtefactStore, keptId } from '../storage/index.ts';

/** What is read of a library's session; times in seconds since 1970. */
interface Times {
  readonly jti: string;
  /** Undefined where it was never kept. */
  readonly exp?: number | undefined;
  readonly loginTs?: number | undefined;
}

/** Lets a browser session go on while it is used outside the library's own routes. */
export interface SessionLife {
  /**
   * Lets a session live as long again as one that lies idle, but never beyond its last end. Nothing else of it changes: another
   * request may have signed somebody in since it was found. Nothing is written where that would add little. Its cookie ends with
   * the browser, so it stays as it is.
   */
  extend(session: Times): Promise<void>;
}

/** Seconds that are worth writing. */
const WORTH = 300;

/** Makes what lets sessions go on. @param options.volatile where they are kept */
export function createSessionLife(options: {
  clock: Clock;
  volatile: Pick<ArtefactStore, 'prolong'>;
}): SessionLife {
  const { clock, volatile } = options;
  return {
    async extend({ exp, jti, loginTs }) {
      if (exp === undefined) return;
      const now = clock.seconds();
      const end = Math.min(now + lifetimes.sessionIdle, (loginTs ?? now) + lifetimes.sessionEnd);
      if (end - exp >= WORTH) await volatile.prolong('Session', keptId('Session', jti), new Date(end * 1000));
    },
  };
}
