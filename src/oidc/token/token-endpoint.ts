import { setTimeout } from 'node:timers/promises';
import type { Context, Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Logger } from 'pino';
import { isAt } from '../../addresses/index.ts';
import type { AnonymousDenials, Audit, AuditRow } from '../../audit/index.ts';
import type { Database } from '../../db/index.ts';
import { isUnavailable } from '../../errors.ts';
import type { EndGrants } from '../grants/end-grants.ts';
import type { RequestState, RequestStates } from '../request-state.ts';
import type { SqlStore } from '../storage/index.ts';
import { createOutcomeWriter } from './outcomes.ts';
import {
  addLaunchContext,
  answerUnavailable,
  hideBrokenRegistration,
  nameUnauthorizedClient,
  nameWrongVerifier,
} from './token-answers.ts';
import { deniedEvent, issuedEvent } from './token-audit.ts';

/** How often ending a family is tried; each try waits at most a second for a lock. */
const ENDING_ATTEMPTS = 3;

/** Milliseconds between two tries. */
const ENDING_PAUSE = 200;

/**
 * Goes around the library's token endpoint: collects what the request leaves behind and lets no answer go before that
 * is durable.
 *
 * A code or refresh token is exchanged in one transaction, which the storage adapter begins; the audit row is its last
 * statement. Any answer but 200 rolls it back; families that end, and the denial, are written in a second one. A client
 * credentials request has no transaction of its own: the batch writer stores what it leaves. Denials of clients that
 * proved who they are get a row; all others are counted (docs/adr/0002 and 0006).
 */
export function createTokenEndpoint(options: {
  db: Database;
  audit: Audit;
  denials: AnonymousDenials;
  store: SqlStore;
  states: RequestStates;
  endGrants: EndGrants;
  sourceOf: (ctx: Context) => string;
  log: Logger;
}): Middleware {
  const { db, denials, audit, states, endGrants, sourceOf, log } = options;
  const writeOutcome = createOutcomeWriter(options);

  async function issued(ctx: KoaContextWithOIDC, state: RequestState): Promise<void> {
    ctx.set('Pragma', 'no-cache');
    addLaunchContext(ctx, state);
    const row = audit.row(issuedEvent(ctx, state, sourceOf(ctx)));
    if (db.inTransaction()) await audit.add([row]);
    else await writeOutcome({ row, tokens: state.tokens ?? [] });
  }

  /** Ends families with the denial's row; tried again, because nobody else will do it. */
  async function endAfterDenial(endings: ReadonlySet<string>, row: AuditRow | undefined): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await db.transaction(async () => {
          await endGrants(endings, 'replay');
          if (row !== undefined) await audit.add([row]);
        });
        return;
      } catch (error) {
        if (!isUnavailable(error) || attempt === ENDING_ATTEMPTS) {
          log.error({ grants: [...endings] }, 'what came from these grants should have ended and did not');
          throw error;
        }
        await setTimeout(ENDING_PAUSE);
      }
    }
  }

  async function denied(ctx: KoaContextWithOIDC, state: RequestState): Promise<void> {
    const source = sourceOf(ctx);
    const { error } = ctx.body as { error?: string };
    const endings = state.endings ?? new Set();
    const known = state.authenticated && error !== 'invalid_client';
    if (!known) denials.count(source, error ?? 'unknown');
    const row = known ? audit.row(deniedEvent(ctx, state, source)) : undefined;
    if (endings.size > 0) await endAfterDenial(endings, row);
    else if (row !== undefined) await writeOutcome({ row, tokens: [] });
  }

  return async (ctx, next) => {
    const state = states.of(ctx);
    state.tokens = [];
    if (isAt(ctx.path, '/token')) ctx.set('Cache-Control', 'no-store');
    const inner = ctx as unknown as KoaContextWithOIDC;
    // The route, not the path: the library also takes /TOKEN and /token/ for its token endpoint.
    const isToken = () => inner.oidc?.route === 'token';
    try {
      await db.deferred(async () => {
        await next();
        if (!isToken() || ctx.status !== 200) return 'rollback';
        await issued(inner, state);
        return 'commit';
      });
      if (!isToken() || ctx.status === 200) return;
      // A fault is no decision: nothing is written, and faults.ts gives it its form.
      if (ctx.status >= 500) return;
      ctx.set('Pragma', 'no-cache');
      hideBrokenRegistration(inner);
      nameUnauthorizedClient(inner, state);
      nameWrongVerifier(inner);
      await denied(inner, state);
    } catch (error) {
      if (!isToken()) throw error;
      log.error({ err: error }, 'an answer was withheld because what it stands for could not be written');
      answerUnavailable(ctx);
    }
  };
}
