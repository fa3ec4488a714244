import { randomUUID } from 'node:crypto';
import Router from '@koa/router';
import type Koa from 'koa';
import type { Logger } from 'pino';
import type { Clock } from '../../clock.ts';
import { isUnavailable } from '../../errors.ts';
import { type Access, createAccess, type TokenContext } from './access.ts';
import { createChallenges, readBearer } from './bearer.ts';
import { bloodPressureResource, provenanceOf, readBloodPressure } from './blood-pressure.ts';
import { capabilityStatement } from './capability.ts';
import { readResource, wantsNoBody } from './create.ts';
import { records } from './data/index.ts';
import { createIntrospection, type Use } from './introspection.ts';
import { FhirRefusal, operationOutcome } from './outcome.ts';
import { isStrict, pairsOf, refuseOtherFormats, refuseUnmatched, searchForm, typeOf } from './request.ts';
import { isResourceType, type Resource } from './resource.ts';
import { readSearch, searchset } from './search.ts';
import type { WrittenResources } from './written.ts';

const MEDIA_TYPE = 'application/fhir+json; charset=utf-8';

/** Browser applications of any origin may ask: what opens a record is the token, never the page's address. */
const corsHeaders = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, HEAD, POST, OPTIONS',
  'Access-Control-Allow-Headers': 'Authorization, Accept, Content-Type, Prefer',
  'Access-Control-Expose-Headers': 'WWW-Authenticate, Retry-After, Location',
  'Access-Control-Max-Age': '600',
};

/** Turns whatever went wrong into an OperationOutcome. What was not foreseen is told in the log only, under a number. */
function answerFault(ctx: Koa.Context, error: unknown, log: Logger): void {
  if (error instanceof FhirRefusal) {
    ctx.status = error.statusCode;
    ctx.set({ ...error.headers });
    ctx.body = operationOutcome(error.issue, error.message);
  } else if (isUnavailable(error)) {
    log.warn({ err: error }, 'the demo FHIR server is not available');
    ctx.status = 503;
    ctx.set('Retry-After', '1');
    ctx.body = operationOutcome('transient', error.message);
  } else {
    const incident = randomUUID();
    log.error({ err: error, incident }, 'a FHIR request failed');
    ctx.status = 500;
    ctx.body = operationOutcome('exception', `the request failed; incident ${incident}`);
  }
}

type RoutedContext = Koa.Context & { readonly params: Readonly<Record<string, string>> };

/**
 * A small FHIR R4 server with the records of the demo world, to which a patient may add her blood pressure. It behaves like a
 * foreign one: what it knows of a token, it learns by introspection.
 *
 * @param options.base FHIR base, for example http://localhost:3000/demo/fhir/r4; also the audience of its tokens
 * @param options.introspectionEndpoint of the authorisation server (RFC 7662)
 * @param options.today civil date of seeding, YYYY-MM-DD, to which the dates in the records are relative
 * @returns middleware that answers everything below the base's path but `/.well-known/`
 */
export function createDemoFhir(options: {
  readonly base: string;
  readonly introspectionEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly today: () => Promise<string>;
  readonly written: WrittenResources;
  readonly clock: Clock;
  readonly log: Logger;
}): Koa.Middleware {
  const { base, introspectionEndpoint, clientId, clientSecret, today, written, clock, log } = options;
  const { pathname } = new URL(base);
  const challenges = createChallenges(base);
  const introspect = createIntrospection({
    endpoint: introspectionEndpoint,
    clientId,
    clientSecret,
    audience: base,
    log,
  });

  /** What the server holds, and what of it the request's token opens. */
  async function authorise(
    ctx: Koa.Context,
    interaction: Use['interaction'],
    type: string | undefined,
  ): Promise<{ access: Access; held: readonly Resource[]; token: TokenContext }> {
    const inQuery = new URLSearchParams(ctx.querystring).has('access_token');
    // Of a type that is not held here there is nothing to tell; the token is looked at all the same.
    const use = type !== undefined && isResourceType(type) ? { interaction, resource: type } : undefined;
    const token = await introspect(readBearer(ctx.get('Authorization'), inQuery, challenges), use);
    if (!token) throw challenges.invalid();
    const added = token.patient === undefined ? [] : await written.of(token.patient);
    const held = [...records(await today()), ...added];
    return { access: createAccess({ token, records: held, base }), held, token };
  }

  async function read(ctx: RoutedContext): Promise<void> {
    refuseOtherFormats(ctx, pairsOf(ctx));
    const { access, held } = await authorise(ctx, 'read', ctx.params.type);
    const type = typeOf(ctx.params.type);
    const found = held.find(({ resourceType, id }) => resourceType === type && id === ctx.params.id);
    // One answer for what does not exist and what may not be seen: which of them it is would tell something already.
    if (!found || !access.sees(found, 'read')) {
      if (!access.opens(type, 'read')) throw challenges.insufficient(`no scope opens reading ${type}`);
      throw new FhirRefusal(404, 'not-found', `there is no such ${type}`);
    }
    ctx.body = access.shown(found);
  }

  async function search(ctx: RoutedContext): Promise<void> {
    const pairs = pairsOf(ctx);
    refuseOtherFormats(ctx, pairs);
    const { access, held } = await authorise(ctx, 'search-type', ctx.params.type);
    const type = typeOf(ctx.params.type);
    if (!access.opens(type, 'search')) throw challenges.insufficient(`no scope opens searching ${type}`);
    const asked = readSearch({ type, pairs, strict: isStrict(ctx), base });
    const visible = held.filter((one) => one.resourceType === type && access.sees(one, 'search'));
    ctx.body = searchset(asked, visible, base);
  }

  async function create(ctx: Koa.Context): Promise<void> {
    refuseOtherFormats(ctx, pairsOf(ctx));
    const { access, token } = await authorise(ctx, 'create', 'Observation');
    const { patient } = token;
    if (patient === undefined || !access.opens('Observation', 'create'))
      throw challenges.insufficient('no scope opens adding Observation');
    const now = clock.now();
    const sent = readBloodPressure(await readResource(ctx), { base, now });
    const observation = bloodPressureResource(sent, randomUUID(), now);
    if (!access.adds(observation))
      throw challenges.insufficient('the subject must be the patient whose record the token opens');
    const provenance = provenanceOf(observation, patient, randomUUID(), now);
    if (!(await written.add(patient, [observation, provenance])))
      throw new FhirRefusal(422, 'too-costly', 'this record of the demonstration is full');
    ctx.status = 201;
    ctx.set('Location', `${base}/Observation/${observation.id}`);
    ctx.body = wantsNoBody(ctx) ? '' : observation;
  }

  async function metadata(ctx: Koa.Context): Promise<void> {
    refuseOtherFormats(ctx, pairsOf(ctx));
    ctx.body = capabilityStatement(base, await today());
  }

  const router = new Router({ prefix: pathname, sensitive: true });
  router.get('/metadata', metadata);
  router.get('/:type', search);
  router.post('/Observation', create);
  router.post('/:type/_search', searchForm, search);
  router.get('/:type/:id', read);
  const routes = router.routes() as Koa.Middleware;

  return async (ctx, next) => {
    const ours = ctx.path === pathname || ctx.path.startsWith(`${pathname}/`);
    if (!ours || ctx.path.startsWith(`${pathname}/.well-known/`)) return next();
    ctx.set({ ...corsHeaders, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
    if (ctx.method === 'OPTIONS') {
      ctx.status = 204;
      return;
    }
    try {
      await routes(ctx, async () => refuseUnmatched(ctx));
    } catch (error) {
      answerFault(ctx, error, log);
    }
    ctx.type = MEDIA_TYPE;
  };
}
