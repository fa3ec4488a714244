import Provider, { type AdapterPayload } from 'oidc-provider';
import { proofVersionOf } from '../accounts/index.ts';
import type { Consents } from '../consents/index.ts';
import type { Database } from '../db/index.ts';
import type { BrowserSessions } from '../sessions/index.ts';
import { describeAgent } from '../sessions/index.ts';
import { namedIn } from './browser-cookies.ts';
import type { EndGrants } from './grants/end-grants.ts';
import { lifetimes } from './lifetimes.ts';
import type { BrowserBinding } from './person/browser-binding.ts';
import type { EndSession } from './person/end-session.ts';
import { standingIn } from './person/standing.ts';
import type { RequestState, RequestStates } from './request-state.ts';
import type { StorageContext } from './storage/index.ts';

/** Where a token is asked about or taken back, by others than the person whose it is. */
const askingRoutes = new Set(['introspection', 'revocation']);

/** Which version of her proofs somebody proved who she is under. A node of the version before says none (docs/adr/0010). */
const provedUnder = ({ proofVersion = 0 }: Readonly<Record<string, unknown>>): number | undefined =>
  typeof proofVersion === 'number' ? proofVersion : undefined;

/** Tells storage how it belongs to the request that asks for it; outside a request it belongs to none. */
export function createStorageContext(options: {
  issuer: string;
  db: Database;
  consents: Pick<Consents, 'standing'>;
  states: RequestStates;
  endGrants: EndGrants;
  browserBinding: BrowserBinding;
  browserSessions: BrowserSessions;
  endSession: EndSession;
}): StorageContext {
  const { issuer, db, consents, states, endGrants, browserBinding, browserSessions, endSession } = options;
  const request = () => (Provider.ctx === undefined ? states.current() : states.of(Provider.ctx));
  const active = () => Provider.ctx?.oidc?.route === 'token';
  /** The browser session that each request found, as it was then. */
  const found = new WeakMap<RequestState, AdapterPayload>();
  const revoking = () => Provider.ctx?.oidc?.route === 'revocation';

  function tookBack(): void {
    const state = request();
    if (state !== undefined) state.tookBack = true;
  }

  /** Whether everything of hers ended between the answer and the way on: a session that began now would outlive it. */
  async function stillCounts({ params, result }: AdapterPayload): Promise<boolean> {
    if (result?.login === undefined) return true;
    const [accountId, clientId] = [String(result.login.accountId), String(params?.client_id)];
    const account = (await standingIn(request(), consents, accountId, clientId))?.account;
    return account === undefined || proofVersionOf(account) === provedUnder(result.login);
  }

  return {
    active,
    revoking,
    tookBack,
    holdsToSession(token) {
      const route = Provider.ctx?.oidc?.route;
      const state = request();
      // A caller with a bearer token comes by no route of the library.
      if (state === undefined || (route !== undefined && !askingRoutes.has(route))) return false;
      state.bound ??= new Set();
      state.bound.add(token);
      return true;
    },
    begin: db.begin,
    collect(placed) {
      const tokens = request()?.tokens;
      tokens?.push(placed);
      return tokens !== undefined;
    },
    grantedBy: () => request()?.grantedBy,
    predecessor: () => Provider.ctx?.oidc?.entities.RotatedRefreshToken?.jti,
    resuming: () => Provider.ctx?.oidc?.route === 'resume',
    beginsInteraction(uid) {
      // Answers come by no route of the library.
      const oidc = Provider.ctx?.oidc;
      return oidc !== undefined && oidc.entities.Interaction?.jti !== uid;
    },
    async mayGoOn(uid, interaction) {
      const ctx = Provider.ctx;
      if (ctx?.oidc?.route !== 'resume') return true;
      return browserBinding.mayGoOn(ctx.req, uid, interaction) && (await stillCounts(interaction));
    },
    named: () => namedIn(request()?.cookie, issuer),
    looked() {
      const state = request();
      if (state === undefined) return undefined;
      state.looked ??= new Map();
      return state.looked;
    },
    foundSession(uid, session) {
      const state = request();
      if (state === undefined || state.session === uid) return;
      state.session = uid;
      // A copy: the library works on what it was given.
      found.set(state, structuredClone(session));
    },
    sessionFound(uid) {
      const state = request();
      return state?.session === uid ? found.get(state) : undefined;
    },
    presentSession: () => Provider.ctx?.oidc?.session?.uid,
    isPresentSession: (id) => {
      const session = Provider.ctx?.oidc?.session;
      return session === undefined || session.jti === id;
    },
    async signsIn({ uid, accountId, acr, amr, loginTs = 0 }) {
      const session = {
        uid: String(uid),
        agent: describeAgent(Provider.ctx?.get('User-Agent')),
        acr: acr ?? '0',
        amr: amr ?? [],
        signedInAt: new Date(loginTs * 1000),
        expiresAt: new Date((loginTs + lifetimes.sessionEnd) * 1000),
      };
      // Asked again, in the statement that lists the session: until then, everything of hers may have ended.
      const login = Provider.ctx?.oidc.result?.login;
      return browserSessions.note(String(accountId), session, login && provedUnder(login));
    },
    endSession,
    async endGrant(grantId) {
      const state = request();
      if (state === undefined) {
        await endGrants([grantId], 'revoked');
        return;
      }
      // Of an access token that is taken back, the library ends the whole grant's; it is meant alone (RFC 7009 section 2.1).
      if (revoking() && Provider.ctx?.oidc.entities.AccessToken !== undefined) return;
      state.endings ??= new Set();
      // The library ends a grant model by model; all of it ends at the first.
      if (state.endings.has(grantId)) return;
      state.endings.add(grantId);
      if (revoking()) {
        await db.begin();
        if ((await endGrants([grantId], 'revoked')) > 0) tookBack();
      } else if (!active()) await endGrants([grantId], 'signed out');
    },
  };
}
