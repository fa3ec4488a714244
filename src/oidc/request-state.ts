import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import type { Account } from '../accounts/index.ts';
import type { Asserted, RoleChoice } from '../authorisation/index.ts';
import type { Api } from '../catalogue/index.ts';
import type { Client } from '../clients/index.ts';
import type { Consent, Standing } from '../consents/index.ts';
import type { PractitionerRole } from '../practitioners/index.ts';
import type { GrantedBy, Looked, PlacedArtefact } from './storage/index.ts';

/** What is found out in the course of one request, kept beside it until the audit row is written. */
export interface RequestState {
  /** Its Cookie header. */
  readonly cookie?: string | undefined;
  /** What was looked up of the browser's session and interaction. */
  looked?: Looked;
  /** The person whose token, code or session it is. */
  account?: Account;
  /** The catalogue as it was when it was first needed. */
  apis?: readonly Api[];
  /** The API that a token is asked for. */
  api?: Api;
  /** Whether the client has proved who it is; the library names a client before that. */
  authenticated?: boolean;
  /** The client as it was at the beginning of the request: one look-up, one answer. */
  client?: Client;
  /** `reason_for_request` that was admitted; undefined for a profile that has none. */
  reason?: string | undefined;
  /** The role in which a practitioner asks. */
  role?: PractitionerRole | undefined;
  /** The scopes about which a person who decided before has not decided; undefined where she did not, or has about all. */
  undecided?: readonly string[];
  /** What is known of the role before somebody was asked for consent. */
  roleChoice?: Promise<RoleChoice>;
  /** Whoever a client's own system signed in, as it asserted. */
  asserted?: Asserted;
  /** `sub` of the token that was made. */
  subject?: string;
  /** `jti` of the JWT that was made. */
  tokenId?: string;
  /** Seconds for which the client has to wait, where more came in its name than the limit allows. */
  wait?: number;
  /** uid of the browser session that was found. */
  session?: string;
  /** Whose record the token opens: logical id of the FHIR Patient. */
  patient?: string | undefined;
  /** The token that was asked about, where it is active and the caller may know. */
  introspected?: {
    readonly api: Api;
    readonly clientId: string;
    readonly scopes: readonly string[];
    /** Whose it is: the account behind its grant, else its `sub`. */
    readonly subject: string | undefined;
    readonly patient: string | undefined;
    /** The grant that it came from; undefined where no person decided. */
    readonly grant: string | undefined;
    readonly tokenId: string;
  };
  /** Which version of the decision a token is made from. */
  version?: number;
  /** How somebody stands to the application, by both. */
  standings?: Map<string, Promise<Standing | undefined>>;
  /** The live decision behind each grant that was looked at; undefined: there is none. */
  consents?: Map<string, Promise<Consent | undefined>>;
  /** What a grant is made from at the moment. */
  grantedBy?: GrantedBy;
  /** Grants whose families end with this request: at the token endpoint when it is over, elsewhere at once. */
  endings?: Set<string>;
  /** Access tokens that are to be held to their browser sessions by us, not by the library. */
  bound?: Set<string>;
  /** Whether this request has taken something back that was alive. */
  tookBack?: boolean;
  /** Opaque tokens to be stored together with the audit row; undefined before the token endpoint's middleware has run. */
  tokens?: PlacedArtefact[];
}

export interface RequestStates {
  /** The state of the request that a Koa context or a bare request belongs to. */
  of(context: { readonly req: IncomingMessage }): RequestState;
  /** Does work for a request that the library knows nothing of. */
  during<T>(context: { readonly req: IncomingMessage }, work: () => T): T;
  /** The state of the request for which `during` works. */
  current(): RequestState | undefined;
}

/** Keeps one state a request, for as long as the request itself is reachable. */
export function createRequestStates(): RequestStates {
  const states = new WeakMap<IncomingMessage, RequestState>();
  const beside = new AsyncLocalStorage<RequestState>();

  function of({ req }: { readonly req: IncomingMessage }): RequestState {
    const known = states.get(req);
    if (known !== undefined) return known;
    const state: RequestState = { cookie: req.headers.cookie };
    states.set(req, state);
    return state;
  }

  return {
    of,
    during: (context, work) => beside.run(of(context), work),
    current: () => beside.getStore(),
  };
}
