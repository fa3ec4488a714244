import { Router, type RouterContext } from '@koa/router';
import type Koa from 'koa';
import type { Logger } from 'pino';
import type { Clock } from '../../clock.ts';
import { bloodPressureResource, readBloodPressure, typedIn } from './blood-pressure.ts';
import { type Connection, createConnector, type SignIn } from './connection.ts';
import { recordDates } from './dates.ts';
import { readForm } from './form.ts';
import { createFormCheck } from './origin.ts';
import { type Problem, problem, problemOf, problemStatus } from './problem.ts';
import { createReader } from './reader.ts';
import { type ReadingModel, readingModel, readingStatus } from './reading.ts';
import { obstacle, recordModel } from './record.ts';
import { createRenewals } from './renewals.ts';
import { createSessions, type Session } from './session.ts';
import { startModel } from './start.ts';
import { wishes } from './wishes.ts';
import { createWriter } from './writer.ts';

/** What Kete Health needs. It has no way to Assent but HTTP, as an application of anybody would. */
export interface KeteOptions {
  /** Issuer identifier, for example http://localhost:3000; Kete Health's own pages are under it too. */
  readonly issuer: string;
  /** Base address of the FHIR server. */
  readonly fhirBase: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Answers with a page in the language of the request. */
  readonly render: (ctx: Koa.Context, template: string, model: object) => void;
  /** That language's tag. */
  readonly languageOf: (ctx: Koa.Context) => string;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The demo application: a confidential SMART application (SMART App Launch 2.2, standalone launch) that shows a person
 * their record. Answers `/demo` and what belongs to it; every other path goes on.
 */
export function createKete(options: KeteOptions): Koa.Middleware {
  const { issuer, fhirBase, render, languageOf, clock, log } = options;
  const sessions = createSessions({ clock, secure: new URL(issuer).protocol === 'https:' });
  const connector = createConnector(options);
  const readRecord = createReader({ fhirBase, log });
  const write = createWriter({ fhirBase, log });
  const isOwnForm = createFormCheck(issuer);
  const renewals = createRenewals({ connector, clock });
  const router = new Router();

  function show(ctx: Koa.Context, template: string, model: object, status = 200): void {
    ctx.status = status;
    render(ctx, template, model);
  }

  function showProblem(ctx: Koa.Context, shown: Problem): void {
    log.info({ kind: shown.kind, code: shown.code }, 'Kete Health could not go on');
    show(ctx, 'demo/problem.njk', shown, problemStatus[shown.kind]);
  }

  function lead(ctx: Koa.Context, to: string): void {
    ctx.status = 303;
    ctx.redirect(to);
  }

  /** The access of the request's browser, renewed where it is about to end; undefined once the browser was told why not. */
  async function accessOf(
    ctx: Koa.Context,
  ): Promise<{ session: Session; connection: Connection } | undefined> {
    const session = sessions.find(ctx);
    if (session?.connection === undefined) {
      lead(ctx, '/demo');
      return undefined;
    }
    const connection = await renewals.lasting(session, session.connection);
    if (connection === undefined) {
      showProblem(ctx, problem('ended'));
      return undefined;
    }
    return { session, connection };
  }

  /** The access that an answer gives; a no to something more leaves what there is, and is remembered. */
  async function finish(session: Session, answer: URLSearchParams, signIn: SignIn) {
    try {
      return await connector.finish(answer, signIn);
    } catch (error) {
      const { connection } = session;
      if (signIn.wish === undefined || connection === undefined || problemOf(error)?.kind !== 'denied')
        throw error;
      return { ...connection, refused: [...connection.refused, signIn.wish] };
    }
  }

  /** Gives tokens back. Whether that works or not, Kete Health has already forgotten them. */
  async function giveBack(connection: Connection): Promise<void> {
    try {
      await connector.revoke(connection);
    } catch (error) {
      log.warn({ code: problemOf(error)?.code }, 'Kete Health could not give its tokens back');
    }
  }

  router.use(async (ctx, next) => {
    ctx.set('Cache-Control', 'no-store');
    // Under `no-referrer` browsers send `Origin: null` with forms, and older ones send nothing else to check.
    ctx.set('Referrer-Policy', 'same-origin');
    if (ctx.method === 'POST' && !isOwnForm(ctx)) return showProblem(ctx, problem('foreign'));
    try {
      await next();
    } catch (error) {
      const known = problemOf(error);
      if (known === undefined) throw error;
      showProblem(ctx, known);
    }
  });

  router.get('/demo', (ctx) => {
    show(ctx, 'demo/start.njk', startModel(sessions.find(ctx)?.connection !== undefined));
  });

  router.post('/demo/connect', async (ctx) => {
    const { url, signIn } = await connector.begin();
    sessions.open(ctx).signIns.set(signIn.state, signIn);
    lead(ctx, url.href);
  });

  router.post('/demo/more', async (ctx) => {
    const session = sessions.find(ctx);
    const wish = wishes.get((await readForm(ctx)).get('what') ?? '');
    if (session?.connection === undefined || wish === undefined) return lead(ctx, '/demo');
    const { url, signIn } = await connector.begin({ before: session.connection, wish });
    session.signIns.set(signIn.state, signIn);
    lead(ctx, url.href);
  });

  router.get('/demo/callback', async (ctx) => {
    const answer = new URLSearchParams(ctx.querystring);
    const state = answer.get('state') ?? '';
    const session = sessions.find(ctx);
    const signIn = session?.signIns.get(state);
    if (session === undefined || signIn === undefined) return showProblem(ctx, problem('expired'));
    session.signIns.delete(state);
    const connection = await finish(session, answer, signIn);
    if (connection === undefined) return showProblem(ctx, problem('noRecord'));
    if (session.connection?.patient !== connection.patient) session.added = undefined;
    session.connection = connection;
    sessions.renew(ctx, session);
    lead(ctx, signIn.leadsTo);
  });

  router.get('/demo/record', async (ctx) => {
    const access = await accessOf(ctx);
    if (access === undefined) return;
    const { session, connection } = access;
    const readings = await readRecord(connection);
    const hidden = obstacle(readings);
    if (hidden === 'ended' && session.connection === connection) session.connection = undefined;
    if (hidden !== undefined) return showProblem(ctx, problem(hidden));
    const { added } = session;
    const dates = recordDates(languageOf(ctx));
    show(ctx, 'demo/record.njk', recordModel(readings, { connection, added, now: clock.seconds(), dates }));
  });

  router.get('/demo/reading', async (ctx) => {
    const access = await accessOf(ctx);
    if (access !== undefined) show(ctx, 'demo/reading.njk', readingModel(access.connection));
  });

  router.post('/demo/reading', async (ctx) => {
    const access = await accessOf(ctx);
    if (access === undefined) return;
    const { session, connection } = access;
    const typed = typedIn(await readForm(ctx));
    const reading = readBloodPressure(typed);
    const again = (what: Partial<ReadingModel>, status: number) =>
      show(ctx, 'demo/reading.njk', readingModel(connection, { typed, ...what }), status);
    if ('problems' in reading) return again({ problems: reading.problems }, 422);
    const resource = bloodPressureResource(reading, connection.patient, clock.now().getTime());
    const written = await write(connection, resource, recordDates(languageOf(ctx)));
    if (written.outcome === 'ended') return showProblem(ctx, problem('ended'));
    if (written.outcome !== 'added')
      return again({ outcome: written.outcome }, readingStatus[written.outcome]);
    session.added = written.row;
    lead(ctx, '/demo/record');
  });

  router.post('/demo/refresh', async (ctx) => {
    const session = sessions.find(ctx);
    if (session?.connection === undefined) return lead(ctx, '/demo');
    const renewed = await renewals.renew(session, session.connection);
    if (renewed === undefined) return showProblem(ctx, problem('ended'));
    lead(ctx, '/demo/record');
  });

  router.post('/demo/disconnect', async (ctx) => {
    const connection = sessions.find(ctx)?.connection;
    sessions.end(ctx);
    if (connection !== undefined) await giveBack(connection);
    lead(ctx, '/demo');
  });

  router.post('/demo/sign-out', async (ctx) => {
    const connection = sessions.find(ctx)?.connection;
    sessions.end(ctx);
    if (connection === undefined) return lead(ctx, '/demo');
    await giveBack(connection);
    const url = await connector.signOutUrl(connection);
    lead(ctx, url?.href ?? '/demo');
  });

  // Typed in, or reloaded after an answer: there is nothing to see under the addresses of forms.
  router.get(['/demo/connect', '/demo/more', '/demo/refresh', '/demo/disconnect', '/demo/sign-out'], (ctx) =>
    lead(ctx, '/demo'),
  );

  const routes = router.routes();
  // The router itself adds to the context what its type asks for.
  return (ctx, next) => routes(ctx as RouterContext, next);
}
