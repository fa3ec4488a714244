import { type Client, type ClientRegistry, logoutUri } from '../../clients/index.ts';
import type { BrowserSessions, LogoutNotices } from '../../sessions/index.ts';
import { sidsIn } from '../storage/index.ts';

/**
 * Notes that a browser session has ended: it is not listed any more, and each application in it that wants to know is going to
 * be told. Part of the caller's transaction, if there is one.
 *
 * @param session its payload, as it was at the last
 */
export type EndSession = (uid: string, session: Readonly<Record<string, unknown>>) => Promise<void>;

/** Lets a session go from the list, with the notices for the applications in it. */
export function createEndSession(options: {
  registry: ClientRegistry;
  browserSessions: BrowserSessions;
  logoutNotices: LogoutNotices;
}): EndSession {
  const { registry, browserSessions, logoutNotices } = options;

  const isTold = (client: Client | undefined) => client !== undefined && logoutUri(client) !== undefined;

  return async (uid, session) => {
    const { accountId } = session;
    if (typeof accountId !== 'string') return;
    const notices: { clientId: string; accountId: string; sid: string }[] = [];
    for (const { clientId, sid } of sidsIn(session))
      if (isTold(await registry.find(clientId))) notices.push({ clientId, accountId, sid });
    await logoutNotices.add(notices);
    await browserSessions.forget(uid);
  };
}
