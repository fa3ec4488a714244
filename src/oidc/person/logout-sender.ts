import type Provider from 'oidc-provider';
import type { Logger } from 'pino';
import { type ClientRegistry, logoutUri } from '../../clients/index.ts';
import type { Ids } from '../../clock.ts';
import type { Outgoing } from '../../outgoing/index.ts';
import { type ClaimedNotice, type LogoutNotices, MOST_TRIES } from '../../sessions/index.ts';

/** Notices that are sent at once. */
const BATCH = 20;

/** The event of a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4). */
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/**
 * Sends what applications are to be told: a logout token, signed with the active key of the client's algorithm, by POST (OpenID
 * Connect Back-Channel Logout 1.0 section 2.5). A token is made anew for each try, because it lives two minutes.
 */
export function createLogoutSender(options: {
  provider: () => Provider;
  registry: ClientRegistry;
  logoutNotices: LogoutNotices;
  outgoing: Pick<Outgoing, 'fetch'>;
  ids: Ids;
  log: Logger;
}): () => Promise<void> {
  const { provider, registry, logoutNotices, outgoing, ids, log } = options;

  async function tokenFor({ clientId, accountId, sid }: ClaimedNotice): Promise<string | undefined> {
    const { Client, IdToken } = provider();
    const client = await Client.find(clientId);
    if (client === undefined) return undefined;
    const token = Object.assign(new IdToken({ sub: accountId }, { client }), { mask: { sub: null } });
    token.set('events', { [EVENT]: {} });
    token.set('jti', ids.uuid());
    if (sid !== undefined) token.set('sid', sid);
    return token.issue({ use: 'logout' });
  }

  /** Whether it is settled: it arrived, or nobody wants it any more. @throws what was in the way */
  async function send(notice: ClaimedNotice): Promise<void> {
    const client = await registry.find(notice.clientId);
    const uri = client && logoutUri(client);
    const token = uri === undefined ? undefined : await tokenFor(notice);
    if (uri === undefined || token === undefined) return;
    const response = await outgoing.fetch(uri, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: token }).toString(),
    });
    await response.body?.cancel();
    // 204 too: section 2.8 wants 200, and some frameworks say it so.
    if (response.status !== 200 && response.status !== 204)
      throw new Error(`the application answered ${response.status}`);
  }

  async function deliver(notice: ClaimedNotice): Promise<void> {
    const { id, clientId, attempts } = notice;
    try {
      await send(notice);
    } catch (error) {
      const last = attempts >= MOST_TRIES;
      const what = last ? 'was not told of a sign-out: given up' : 'could not be told of a sign-out yet';
      log.warn({ err: error, client_id: clientId, attempts }, `an application ${what}`);
      return;
    }
    await logoutNotices.done(id);
  }

  return async () => {
    for (;;) {
      const notices = await logoutNotices.claim(BATCH);
      await Promise.all(notices.map(deliver));
      if (notices.length < BATCH) return;
    }
  };
}
