import type { Context, Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Logger } from 'pino';
import type { AnonymousDenials, Audit, AuditEvent, AuditRow } from '../audit/index.ts';
import { createGroup, type Database, refuseInsideTransaction } from '../db/index.ts';
import type { RequestState, RequestStates } from './request-state.ts';
import type { PlacedArtefact, SqlStore } from './storage/index.ts';

/** What one request leaves behind. */
interface Outcome {
  readonly row: AuditRow;
  readonly tokens: readonly PlacedArtefact[];
}

/** Stores the outcomes of many requests in one transaction: no token without its audit row, one commit for all. */
function createOutcomeWriter(options: {
  db: Database;
  audit: Audit;
  store: SqlStore;
}): (outcome: Outcome) => Promise<void> {
  const { db, audit, store } = options;
  const write = async (outcomes: readonly Outcome[]) => {
    const rows = outcomes.map((outcome) => outcome.row);
    const tokens = outcomes.flatMap((outcome) => outcome.tokens);
    if (tokens.length === 0) await audit.add(rows);
    else {
      await db.transaction(async () => {
        await store.putMany(tokens);
        await audit.add(rows);
      });
    }
    return outcomes.map(() => undefined);
  };
  const grouped = createGroup<Outcome, undefined>({ write, maxItems: 500, maxWaiting: 1000, lanes: 2 });
  return async (outcome) => {
    refuseInsideTransaction('The batch writer');
    await grouped(outcome);
  };
}

/** The library's router ignores case and a closing slash. */
const tokenPath = /^\/token\/?$/i;

const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function issuedEvent(ctx: KoaContextWithOIDC, state: RequestState, source: string): AuditEvent {
  const token = ctx.oidc.entities.ClientCredentials;
  const [opaque] = state.tokens ?? [];
  return {
    type: 'token.issued',
    clientId: state.client?.clientId,
    organization: state.client?.organization?.key,
    apiId: state.api?.id,
    grantType: asText(ctx.oidc.params?.grant_type),
    scope: token?.scope,
    subject: state.subject ?? state.client?.clientId,
    tokenId: opaque?.id ?? token?.jti,
    source,
    detail: { reason: state.reason ?? null },
  };
}

function deniedEvent(ctx: KoaContextWithOIDC, state: RequestState, source: string): AuditEvent {
  const { error, error_description: description } = ctx.body as { error: string; error_description?: string };
  return {
    type: 'token.denied',
    clientId: ctx.oidc.client?.clientId,
    organization: state.client?.organization?.key,
    apiId: state.api?.id,
    grantType: asText(ctx.oidc.params?.grant_type),
    scope: asText(ctx.oidc.params?.scope),
    error,
    source,
    detail: { description: description ?? null },
  };
}

/** RFC 6749 section 5.2 has a code of its own for a grant type that the client may not use; the library answers `invalid_request`. */
function nameUnauthorizedClient(ctx: KoaContextWithOIDC, state: RequestState): void {
  const { client, params } = ctx.oidc;
  const body = ctx.body as { error?: string };
  const grantType = asText(params?.grant_type);
  if (
    ctx.status !== 400 ||
    body.error !== 'invalid_request' ||
    client === undefined ||
    grantType === undefined
  )
    return;
  if (!state.authenticated || client.grantTypeAllowed(grantType)) return;
  ctx.body = { error: 'unauthorized_client', error_description: 'the client may not use this grant type' };
}

/**
 * A registration that the library cannot use (its rules may have become stricter since it was stored) looks like any
 * other failed authentication: its own error would tell that the client exists.
 */
function hideBrokenRegistration(ctx: KoaContextWithOIDC): void {
  const { error } = ctx.body as { error?: string };
  if (error !== 'invalid_client_metadata' && error !== 'invalid_redirect_uri') return;
  ctx.status = 401;
  const description = 'client authentication failed';
  ctx.body = { error: 'invalid_client', error_description: description };
  if (ctx.headers.authorization === undefined) return;
  const realm = ctx.oidc.issuer;
  ctx.set(
    'WWW-Authenticate',
    `Basic realm="${realm}", error="invalid_client", error_description="${description}"`,
  );
}

/** A passing fault looks like one: 503 with Retry-After (RFC 9110 section 15.6.4), never like a decision. */
function answerUnavailable(ctx: Context): void {
  ctx.status = 503;
  ctx.set('Retry-After', '1');
  ctx.set('Cache-Control', 'no-store');
  ctx.body = {
    error: 'temporarily_unavailable',
    error_description: 'the service is not available at the moment',
  };
}

/**
 * Goes around the library's token endpoint: collects what the request leaves behind and lets no answer go
 * before its audit row (and its opaque token) is durable. Denials of clients that proved who they are get a
 * row; all others are counted.
 */
export function createTokenEndpoint(options: {
  db: Database;
  audit: Audit;
  denials: AnonymousDenials;
  store: SqlStore;
  states: RequestStates;
  sourceOf: (ctx: Context) => string;
  log: Logger;
}): Middleware {
  const { denials, audit, states, sourceOf, log } = options;
  const writeOutcome = createOutcomeWriter(options);

  async function account(ctx: KoaContextWithOIDC, state: RequestState): Promise<void> {
    const source = sourceOf(ctx);
    if (ctx.status === 200) {
      await writeOutcome({ row: audit.row(issuedEvent(ctx, state, source)), tokens: state.tokens ?? [] });
      return;
    }
    const { error } = ctx.body as { error?: string };
    if (!state.authenticated || error === 'invalid_client') denials.count(source, error ?? 'unknown');
    else await writeOutcome({ row: audit.row(deniedEvent(ctx, state, source)), tokens: [] });
  }

  return async (ctx, next) => {
    const state = states.of(ctx);
    state.tokens = [];
    if (tokenPath.test(ctx.path)) {
      ctx.set('Cache-Control', 'no-store');
      // No page on another origin is a client here yet. Told of an origin, the library would answer it before it
      // authenticates, and differently for a client that exists.
      delete ctx.req.headers.origin;
    }
    await next();
    if (tokenPath.test(ctx.path)) ctx.remove('Access-Control-Allow-Origin');
    const inner = ctx as unknown as KoaContextWithOIDC;
    // The route, not the path: the library also takes /TOKEN and /token/ for its token endpoint.
    if (inner.oidc?.route !== 'token') return;
    hideBrokenRegistration(inner);
    nameUnauthorizedClient(inner, state);
    if (ctx.status >= 500) {
      if (ctx.status === 503) answerUnavailable(ctx);
      return;
    }
    try {
      await account(inner, state);
    } catch (error) {
      log.error({ err: error }, 'an answer was withheld because its audit row could not be written');
      answerUnavailable(ctx);
    }
  };
}
