import { decodeJwt } from 'jose';
import type { Received } from '../../integration/crash/load.ts';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { digest, refreshForm } from '../../support/exchange.ts';
import { type Answer, basic, form, type Sent, send } from '../../support/fixtures.ts';
import {
  authorisationRequest,
  authorise,
  createVisitor,
  exchangeForm,
  keteWeb,
  type TokenAnswer,
  type Visitor,
} from '../../support/visitor.ts';
import { callerFor } from '../stage/resource-servers.ts';
import type { Stage } from '../stage/stage.ts';
import { describe } from './ledger.ts';

const clinicRequest = form(
  { grant_type: 'client_credentials', scope: 'system/Flag.read' },
  basic('clinic-backend', 'demo-secret-clinic-backend'),
);

/** Asks a node for one token, beside the load. */
export const askForToken = (at: { readonly issuer: string; readonly port?: number }): Promise<Answer> =>
  send(at, clinicRequest);

/** What a client of the load has to do with the rest of it. */
export interface Desk {
  /** Sends a request and notes what became of it; undefined when no whole answer came. */
  ask(kind: string, sent: Sent): Promise<Answer | undefined>;
  /** Notes a request that was sent by other means. */
  note(kind: string, begun: number, outcome: string, retryAfter?: string): void;
  /** Notes a token. */
  receive(received: Received): void;
  /** Notes something that was used for the first time. */
  once(kind: string, sent: Sent, outcome: string): void;
  /** Notes a refresh token that was refused after a 503, by its digest. */
  doubt(id: string): void;
  /** One of the tokens that came last. */
  recent(): Received | undefined;
}

/** One turn of a client: a request or two. */
export type Turn = () => Promise<void>;

/** Kinds of clients. `renewal` uses the refresh tokens of one family and needs nobody who is signed in. */
export const kinds = [
  'secret',
  'assertion',
  'opaque',
  'code',
  'refresh',
  'renewal',
  'introspection',
] as const;
export type Kind = (typeof kinds)[number];

const identifier = (token: string) => (token.includes('.') ? String(decodeJwt(token).jti) : digest(token));

/** Makes clients of each kind; those who need a person sign Aroha in, in a browser of their own. */
export function createClients(
  stage: Pick<Stage, 'issuer' | 'dataDir'>,
  desk: Desk,
): Readonly<Record<Kind, () => Promise<Turn>>> {
  const { issuer } = stage;
  const key = demoKey(stage, 'clinic-jwt');

  /** Asks for a token. @returns what was answered, and the outcome in a few words */
  async function token(kind: Kind, clientId: string, sent: Sent) {
    const answer = await desk.ask(kind, sent);
    const outcome = answer === undefined ? 'lost' : describe(answer);
    const tokens = outcome === '200' ? (JSON.parse(answer?.body ?? '') as TokenAnswer) : undefined;
    if (tokens !== undefined)
      desk.receive({ clientId, jti: identifier(tokens.access_token), token: tokens.access_token });
    return { tokens, outcome };
  }

  async function withAssertion(kind: Kind, parameters: Readonly<Record<string, string>>): Promise<void> {
    // Longer than the run, so that a second use is refused for being one.
    const exp = Math.floor(Date.now() / 1000) + 290;
    const proof = assertionForm(await assertion(key, 'clinic-jwt', issuer, { exp }));
    const sent = form({ grant_type: 'client_credentials', ...parameters, ...proof });
    const { outcome } = await token(kind, 'clinic-jwt', sent);
    desk.once('client assertion', sent, outcome);
  }

  /** Asks for a code in a browser that is signed in and has decided, and exchanges it. */
  async function exchangeNew(visitor: Visitor): Promise<TokenAnswer | undefined> {
    const request = authorisationRequest(issuer);
    const begun = performance.now();
    const page = await visitor.get(request.url).catch(() => undefined);
    const outcome = page === undefined ? 'lost' : describe({ status: page.status, body: page.html });
    desk.note('authorisation', begun, outcome, page?.headers.get('retry-after') ?? undefined);
    const response = new URL(page?.location ?? 'about:blank').searchParams;
    const code = response.get('code');
    if (code === null) return undefined;
    const redirectUri = request.parameters.redirect_uri ?? '';
    const authorised = { code, verifier: request.verifier, redirectUri, visitor, response };
    const sent = form(exchangeForm(authorised), basic(...keteWeb));
    const exchanged = await token('code', keteWeb[0], sent);
    desk.once('code', sent, exchanged.outcome);
    return exchanged.tokens;
  }

  async function signedIn(): Promise<Visitor> {
    const visitor = createVisitor(issuer);
    await authorise(stage, { visitor });
    return visitor;
  }

  /** @param anew begins a new family where the last one was lost */
  async function refreshing(anew: boolean): Promise<Turn> {
    const visitor = await signedIn();
    let last = (await exchangeNew(visitor))?.refresh_token;
    let postponed = false;
    return async () => {
      if (last === undefined) {
        last = anew ? (await exchangeNew(visitor))?.refresh_token : undefined;
        return;
      }
      const sent = form(refreshForm(last), basic(...keteWeb));
      const { tokens, outcome } = await token('refresh', keteWeb[0], sent);
      // Come again later means with the same token; after a lost answer the person begins anew.
      if (outcome.startsWith('503')) {
        postponed = true;
        return;
      }
      if (postponed && outcome === '400 invalid_grant') desk.doubt(digest(last));
      postponed = false;
      desk.once('refresh token', sent, outcome);
      last = tokens?.refresh_token;
    };
  }

  return {
    secret: async () => async () => void (await token('secret', 'clinic-backend', clinicRequest)),
    assertion: async () => () => withAssertion('assertion', { scope: 'system/Flag.read' }),
    opaque: async () => () =>
      withAssertion('opaque', { scope: 'system/Patient.rs', resource: `${issuer}/demo/fhir/r4` }),
    async code() {
      const visitor = await signedIn();
      return async () => void (await exchangeNew(visitor));
    },
    refresh: () => refreshing(true),
    renewal: () => refreshing(false),
    introspection: async () => async () => {
      const one = desk.recent();
      if (one === undefined) return;
      const sent = { ...form({ token: one.token }, callerFor(one.token)), path: '/token/introspection' };
      const begun = performance.now();
      const answer = await desk.ask('introspection', sent);
      if (answer?.status === 200 && answer.body === '{"active":false}')
        desk.note('introspection', begun, 'told that a living token is not active');
    },
  };
}
