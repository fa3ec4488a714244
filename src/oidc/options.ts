import type { IncomingMessage, RequestListener } from 'node:http';
import type { JWK } from 'jose';
import type { Context, Middleware } from 'koa';
import type { Logger } from 'pino';
import type { Accounts } from '../accounts/index.ts';
import type { AnonymousDenials, Audit } from '../audit/index.ts';
import type { Api, Catalogue } from '../catalogue/index.ts';
import type { ClientRegistry } from '../clients/index.ts';
import type { Clock, Ids } from '../clock.ts';
import type { Consents } from '../consents/index.ts';
import type { Database } from '../db/index.ts';
import type { LoadLimits } from '../limits/index.ts';
import type { Organizations } from '../organizations/index.ts';
import type { Outgoing, RemoteJwks } from '../outgoing/index.ts';
import type { Practitioners } from '../practitioners/index.ts';
import type { RedisConnection } from '../redis.ts';
import type { DenyList, Revocations } from '../revocations/index.ts';
import type { BrowserSessions, LogoutNotices } from '../sessions/index.ts';
import type { Metrics } from '../telemetry/index.ts';
import type { Withdrawals } from './grants/withdrawals.ts';
import type { Browser } from './person/browser.ts';
import type { Interactions } from './person/question.ts';
import type { Sessions } from './person/sessions.ts';
import type { ApplicationLink, SignOutPages } from './person/sign-out.ts';

/** What the OAuth side of Assent needs from the rest. */
export interface OidcOptions {
  readonly issuer: string;
  readonly cookieKeys: readonly string[];
  /** Secret, the same on all nodes. */
  readonly browserBindingKey: string;
  readonly db: Database;
  /** Where sessions, interactions and pushed requests are kept; undefined: in the database. */
  readonly redis: RedisConnection | undefined;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  /** Private signing keys to begin with; of each algorithm the first one signs. */
  readonly privateJwks: readonly JWK[];
  readonly registry: ClientRegistry;
  readonly catalogue: Catalogue;
  readonly accounts: Accounts;
  readonly consents: Consents;
  readonly practitioners: Practitioners;
  readonly organizations: Organizations;
  readonly audit: Audit;
  readonly denials: AnonymousDenials;
  readonly metrics: Pick<Metrics, 'issued' | 'denied'>;
  readonly remoteJwks: RemoteJwks;
  /** Whether this node's clock can be relied on. */
  readonly isOnTime: () => boolean;
  readonly load: LoadLimits;
  readonly revocations: Revocations;
  readonly denyList: DenyList;
  readonly browserSessions: BrowserSessions;
  readonly logoutNotices: LogoutNotices;
  /** The only way out, for what applications are told. */
  readonly outgoing: Pick<Outgoing, 'fetch'>;
  /** Told when a token was taken back. */
  readonly onRevoked: () => void;
  /** Network address of the caller of a request. */
  readonly sourceOf: (ctx: Context) => string;
  /** What goes around everything, also around what is answered before the library is asked. */
  readonly outermost: readonly Middleware[];
  /** Whether a form was sent from a page of ours. */
  readonly isOwnForm: (ctx: Context) => boolean;
  readonly pages: OidcPages;
  /** The words for a scope of an API in a language. */
  readonly words: ScopeWording;
  readonly kinds: ScopeKinds;
  readonly languages: AskedLanguages;
}

/** The words for a scope of an API in a language (BCP 47). */
export type ScopeWording = (language: string, api: Api | undefined, scope: string) => string;

/** The kinds of information that a scope about everything reaches at an API, in a language (BCP 47). */
export type ScopeKinds = (language: string, api: Api | undefined, scope: string) => readonly string[];

/** In which language a request is answered. */
export interface AskedLanguages {
  /** Tags of the languages there are. */
  readonly tags: readonly string[];
  of(asking: { readonly req: IncomingMessage }): string;
  /** Notes the `ui_locales` with which a page is asked for, where they do not stand in its address. */
  asked(asking: { readonly req: IncomingMessage }, uiLocales: unknown): void;
}

/** What a person sees of a request that cannot go on. */
export interface RefusedRequest {
  readonly status: number;
  readonly error: string;
  readonly description: string | undefined;
  /** Where the person finds the application again, if it is known and said so. */
  readonly client: ApplicationLink | null;
}

/** The pages of the OAuth side. Each sets the body of the answer. */
export interface OidcPages extends SignOutPages {
  refused(ctx: Context, request: RefusedRequest): void;
  /** What was kept of a sign-in in progress cannot be reached. `client`: where the person finds the application again. */
  interrupted(ctx: Context, client: ApplicationLink | null): void;
  /** A page that took too long, was finished before, or began in another browser: nobody's mistake. */
  expired(ctx: Context): void;
}

/** The OpenID provider, and what the pages ask it. */
export interface Oidc {
  readonly handle: RequestListener;
  /**
   * Signs with other keys from now on. The library reads its keys once, so a new provider takes the place of the old one;
   * requests under way finish on the one on which they began.
   */
  useKeys(privateJwks: readonly JWK[]): void;
  readonly interactions: Interactions;
  readonly withdrawals: Withdrawals;
  readonly browser: Browser;
  readonly sessions: Sessions;
  /** Tells applications what waits to be told (OpenID Connect Back-Channel Logout 1.0), as far as they can be reached now. */
  readonly sendLogoutNotices: () => Promise<void>;
}
