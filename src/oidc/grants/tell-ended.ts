import { type ClientRegistry, logoutUri } from '../../clients/index.ts';
import type { LogoutNotice, LogoutNotices } from '../../sessions/index.ts';
import type { KnownSession } from '../storage/index.ts';

/**
 * Notes what applications are to be told of grants that have ended: each known session that went on by one, by its sid; and where
 * one ended with which no known session goes on, once without a sid, which means whichever the application has of her (OpenID
 * Connect Back-Channel Logout 1.0 section 2.4). A browser session lapses after an hour; the application's own may go on. Part of
 * the caller's transaction, if there is one.
 *
 * @param known sessions of hers as applications know them
 */
export type TellEnded = (
  accountId: string,
  ended: readonly { readonly grantId: string; readonly clientId: string }[],
  known: readonly KnownSession[],
) => Promise<void>;

/** Adds the notices for applications that want to know. */
export function createTellEnded(options: {
  registry: ClientRegistry;
  logoutNotices: LogoutNotices;
}): TellEnded {
  const { registry, logoutNotices } = options;

  async function isTold(clientId: string): Promise<boolean> {
    const client = await registry.find(clientId);
    return client !== undefined && logoutUri(client) !== undefined;
  }

  return async (accountId, ended, known) => {
    const notices: LogoutNotice[] = [];
    for (const clientId of new Set(ended.map((one) => one.clientId))) {
      if (!(await isTold(clientId))) continue;
      const grants = ended.filter((one) => one.clientId === clientId);
      const over = known.filter(
        (one) => one.clientId === clientId && grants.some(({ grantId }) => grantId === one.grantId),
      );
      notices.push(...over.map(({ sid }) => ({ clientId, accountId, sid })));
      if (grants.some(({ grantId }) => !over.some((one) => one.grantId === grantId)))
        notices.push({ clientId, accountId, sid: undefined });
    }
    await logoutNotices.add(notices);
  };
}
