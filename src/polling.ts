/** Polls something as long as a process runs. */
export interface Polling {
  /** Polls now; a poll that is under way is shared. Never rejects. */
  poll(): Promise<void>;
  /** Polls now; a poll that is under way may have begun too early, so another one follows it. Never rejects. */
  pollAgain(): Promise<void>;
  /** Ends the polling, and waits for what is under way. */
  close(): Promise<void>;
}

/**
 * Begins to poll, first after the pause, and then one poll after the other: one that takes longer than the pause does not meet
 * the next.
 *
 * @param every milliseconds between two polls
 * @param onError receives the first fault of an outage; those that follow until a poll succeeds say the same
 */
export function startPolling(options: {
  poll: () => Promise<void>;
  every: number;
  onError: (error: unknown) => void;
}): Polling {
  const { every, onError } = options;
  let failing = false;
  let closed = false;
  let underWay: Promise<void> | undefined;
  let following: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function once(): Promise<void> {
    try {
      await options.poll();
      failing = false;
    } catch (error) {
      if (!failing) onError(error);
      failing = true;
    } finally {
      underWay = undefined;
    }
  }

  function poll(): Promise<void> {
    underWay ??= once();
    return underWay;
  }

  function wait(): void {
    timer = setTimeout(async () => {
      await poll();
      if (!closed) wait();
    }, every).unref();
  }

  wait();
  return {
    poll,
    pollAgain() {
      if (closed) return Promise.resolve();
      if (underWay === undefined) return poll();
      following ??= underWay.then(() => {
        following = undefined;
        return poll();
      });
      return following;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await (following ?? underWay);
    },
  };
}
