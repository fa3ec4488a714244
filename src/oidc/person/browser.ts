import type Provider from 'oidc-provider';
import type { Account, Accounts } from '../../accounts/index.ts';
import type { HttpExchange } from './question.ts';
import type { SessionLife } from './session-life.ts';
import type { IsOver } from './sessions.ts';

/** Who is signed in in a browser, and how she signed in. */
export interface SignedIn {
  readonly account: Account;
  /** Of the library's session: the same for as long as it is the same person in the same browser. */
  readonly uid: string;
  /** What the sign-in proved: `1` to `3` (docs/adr/0011). */
  readonly acr: string;
  /** How (RFC 8176). */
  readonly amr: readonly string[];
  readonly signedInAt: Date;
}

/** Who is signed in, for pages outside an authorisation request. */
export interface Browser {
  /** Undefined where nobody is, and where the session is over for an authorisation request, too (`prompts.ts`). */
  signedIn(at: HttpExchange): Promise<SignedIn | undefined>;
}

/** Reads the library's browser sessions. Whoever uses our pages is not idle: her session goes on. */
export function createBrowser(options: {
  provider: () => Provider;
  accounts: Accounts;
  isOver: IsOver;
  sessionLife: SessionLife;
}): Browser {
  const { provider, accounts, isOver, sessionLife } = options;
  return {
    async signedIn(at) {
      const session = await provider().Session.get(provider().createContext(at.req, at.res));
      const { accountId, loginTs } = session;
      if (accountId === undefined || loginTs === undefined) return undefined;
      const account = await accounts.find(accountId);
      if (account === undefined || (await isOver(session, account))) return undefined;
      await sessionLife.extend(session);
      return {
        account,
        uid: session.uid,
        acr: session.acr ?? '0',
        amr: session.amr ?? [],
        signedInAt: new Date(loginTs * 1000),
      };
    },
  };
}
