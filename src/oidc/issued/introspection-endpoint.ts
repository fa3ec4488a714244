import { bodyParser } from '@koa/bodyparser';
import type { Context, Middleware } from 'koa';
import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { isAt } from '../../addresses/index.ts';
import type { AnonymousDenials } from '../../audit/index.ts';
import { type Api, INTROSPECT } from '../../catalogue/index.ts';
import type { LoadLimits } from '../../limits/index.ts';
import { asText } from '../../text.ts';
import type { RequestStates } from '../request-state.ts';
import { type Introspected, type Introspection, inactive, servedBy } from './introspection.ts';
import type { UseReports } from './use-reports.ts';

/** The answer as a signed JWT (RFC 9701 section 4). */
const SIGNED = 'application/token-introspection+jwt';

/** Longest form, in bytes: as long as the library takes one. */
const LONGEST_FORM = 56 * 1024;

const parse = bodyParser({ enableTypes: ['form'], formLimit: LONGEST_FORM });

/** A bearer token that may ask: which API it is for, and whose it is. */
interface Caller {
  readonly api: Api;
  readonly clientId: string;
}

/** What is asked: about which token, and for what it is used. */
interface Asked {
  readonly token: string;
  readonly use: { readonly interaction: unknown; readonly resource: unknown };
}

/** The use that is given in a form; a parameter that is there twice is a list, as the library has it. */
function useIn(form: Readonly<Record<string, unknown>>): Asked['use'] {
  // A parameter without a value counts as left out (RFC 6749 section 3.2).
  return { interaction: form.fhir_interaction || undefined, resource: form.fhir_resource || undefined };
}

/** What a form asks; undefined when it cannot be read, or has no token or several. */
async function askedIn(ctx: Context): Promise<Asked | undefined> {
  try {
    await parse(ctx, async () => {});
  } catch {
    return undefined;
  }
  const form = new URLSearchParams(ctx.request.rawBody ?? '');
  const one = (name: string) => {
    const values = form.getAll(name);
    return values.length > 1 ? values : values[0];
  };
  const token = one('token');
  if (typeof token !== 'string' || token === '' || token.includes('\0')) return undefined;
  const use = { fhir_interaction: one('fhir_interaction'), fhir_resource: one('fhir_resource') };
  return { token, use: useIn(use) };
}

/**
 * Goes around the library's introspection endpoint (RFC 7662), for what it leaves out: JWTs, which it refuses when the
 * client has proved who it is, and callers that show a bearer token with the scope `introspect` instead of a client's
 * credentials (SMART App Launch 2.2, token introspection). Either may say what the token is used for.
 */
export function createIntrospectionEndpoint(options: {
  issuer: string;
  provider: () => Provider;
  introspection: Introspection;
  states: RequestStates;
  useReports: UseReports;
  load: LoadLimits;
  denials: AnonymousDenials;
  sourceOf: (ctx: Context) => string;
}): Middleware {
  const { issuer, provider, introspection, states, useReports, load, denials, sourceOf } = options;

  async function answer(ctx: Context, body: Introspected, clientId: string): Promise<void> {
    ctx.status = 200;
    ctx.set('Cache-Control', 'no-store');
    ctx.body = body;
    if (ctx.accepts('json', SIGNED) !== SIGNED) return;
    const { Client, IdToken } = provider();
    const client = await Client.find(clientId);
    if (client === undefined) throw new Error('a client that asks exists');
    const token = new IdToken({}, { client });
    token.set('token_introspection', body);
    ctx.body = await token.issue({ use: 'introspection' });
    ctx.type = `${SIGNED}; charset=utf-8`;
  }

  function refuse(ctx: Context, status: number, error: string, description: string): void {
    ctx.status = status;
    ctx.set('Cache-Control', 'no-store');
    if (status === 401 || status === 403)
      ctx.set(
        'WWW-Authenticate',
        `Bearer realm="${issuer}", error="${error}", error_description="${description}"`,
      );
    ctx.type = 'json';
    ctx.body = { error, error_description: description };
  }

  /** Who shows a bearer token; undefined when it is no good. A bound one needs a proof, which is not taken here. */
  async function callerOf(ctx: Context, bearer: string): Promise<(Caller & { mayAsk: boolean }) | undefined> {
    const { api, ...shown } = await introspection.ofAny(ctx, bearer, () => true);
    const clientId = asText(shown.client_id);
    if (!shown.active || api === undefined || clientId === undefined || shown.cnf !== undefined)
      return undefined;
    return { api, clientId, mayAsk: asText(shown.scope)?.split(' ').includes(INTROSPECT) === true };
  }

  /** Whether the caller has to wait, because of what was refused from its address or what its client has sent; says so. */
  function hasToWait(ctx: Context, clientId: string | undefined): boolean {
    const wait = load.credentials(sourceOf(ctx), clientId);
    if (wait === undefined) return false;
    ctx.set('Retry-After', String(wait));
    refuse(ctx, 429, 'too_many_requests', `more requests came than the limit allows: try again in ${wait} s`);
    return true;
  }

  async function forBearer(ctx: Context, bearer: string): Promise<void> {
    if (hasToWait(ctx, undefined)) return;
    const caller = await callerOf(ctx, bearer);
    if (caller === undefined) {
      denials.count(sourceOf(ctx), 'invalid_token');
      await load.refused(sourceOf(ctx), undefined);
      return refuse(ctx, 401, 'invalid_token', 'the bearer token is not good');
    }
    if (hasToWait(ctx, caller.clientId)) return;
    await load.client(caller.clientId);
    if (!caller.mayAsk)
      return refuse(ctx, 403, 'insufficient_scope', `the bearer token lacks the scope ${INTROSPECT}`);
    const asked = await askedIn(ctx);
    if (asked === undefined) return refuse(ctx, 400, 'invalid_request', 'one token is required, in a form');
    const serves = ({ id }: Api) => id === caller.api.id;
    // The caller's own token was looked at, too.
    delete states.of(ctx).introspected;
    const { api: _api, ...body } = await introspection.ofAny(ctx, asked.token, serves);
    await answer(ctx, body.active ? body : inactive, caller.clientId);
    await report(ctx, asked.use);
  }

  /** Takes down what the token is used for, if the caller says so. */
  async function report(ctx: Context, use: Asked['use']): Promise<void> {
    const fault = await useReports.report(ctx, use);
    if (fault !== undefined) refuse(ctx, 400, 'invalid_request', fault);
  }

  /** A JWT, once the library has found out who asks and refused what it does not know. */
  async function forClient(ctx: KoaContextWithOIDC): Promise<void> {
    const { client } = states.of(ctx);
    const token = asText(ctx.oidc.params?.token) ?? '';
    if (client === undefined) throw new Error('the client is authenticated');
    await answer(ctx, await introspection.ofJwt(ctx, token, servedBy(client)), client.clientId);
  }

  return async (ctx, next) => {
    if (!isAt(ctx.path, '/token/introspection')) return next();
    const bearer = ctx.get('Authorization').match(/^Bearer +([^ ]+) *$/i)?.[1];
    if (bearer !== undefined && ctx.method === 'POST')
      return states.during(ctx, () => forBearer(ctx, bearer));
    await next();
    const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>;
    if (oidc?.route !== 'introspection') return;
    const { error } = (ctx.body ?? {}) as { error?: string };
    if (error === 'unsupported_token_type') await forClient(ctx as unknown as KoaContextWithOIDC);
    if (ctx.status === 200) await report(ctx, useIn(oidc.body ?? {}));
  };
}
