import type { Clock } from '../../clock.ts';
import type { Connection, Connector } from './connection.ts';
import type { Session } from './session.ts';

/** Seconds before the end of an access token at which it is renewed: time for the requests that follow. */
const RENEW_BEFORE = 30;

/** Keeps access alive. */
export interface Renewals {
  /**
   * Renews access once, however many tabs ask at the same time: a refresh token works once. Gives undefined when the
   * access has ended.
   */
  renew(session: Session, before: Connection): Promise<Connection | undefined>;
  /** Access that lasts long enough to be used now; undefined when it has ended. */
  lasting(session: Session, before: Connection): Promise<Connection | undefined>;
}

/** Renews what the connector gave. */
export function createRenewals(options: { connector: Connector; clock: Clock }): Renewals {
  const { connector, clock } = options;
  const underWay = new WeakMap<Connection, Promise<Connection | undefined>>();

  function renew(session: Session, before: Connection): Promise<Connection | undefined> {
    const known = underWay.get(before);
    if (known !== undefined) return known;
    const renewal = connector
      .renew(before)
      .then((renewed) => {
        // Disconnected or connected anew in the meantime: then this answer is about the past.
        if (session.connection === before) session.connection = renewed;
        return renewed;
      })
      .finally(() => underWay.delete(before));
    underWay.set(before, renewal);
    return renewal;
  }

  return {
    renew,
    async lasting(session, before) {
      const ends = before.expiresAt - clock.seconds() <= RENEW_BEFORE;
      return ends && before.refreshToken !== undefined ? renew(session, before) : before;
    },
  };
}
