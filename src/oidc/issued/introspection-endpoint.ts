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

/** The one `token` of a form; undefined when it cannot be read, or has none or several. */
async function tokenIn(ctx: Context): Promise<string | undefined> {
  try {
    await parse(ctx, async () => {});
  } catch {
    return undefined;
  }
  const [token = '', ...more] = new URLSearchParams(ctx.request.rawBody ?? '').getAll('token');
  return token === '' || more.length > 0 || token.includes('\0') ? undefined : token;
}

/**
 * Goes around the library's introspection endpoint (RFC 7662), for what it leaves out: JWTs, which it refuses when the
 * client has proved who it is, and callers that show a bearer token with the scope `introspect` instead of a client's
 * credentials (SMART App Launch 2.2, token introspection).
 */
export function createIntrospectionEndpoint(options: {
  issuer: string;
  provider: () => Provider;
  introspection: Introspection;
  states: RequestStates;
  load: LoadLimits;
  denials: AnonymousDenials;
  sourceOf: (ctx: Context) => string;
}): Middleware {
  const { issuer, provider, introspection, states, load, denials, sourceOf } = options;

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
    const token = await tokenIn(ctx);
    if (token === undefined) return refuse(ctx, 400, 'invalid_request', 'one token is required, in a form');
    const serves = ({ id }: Api) => id === caller.api.id;
    const { api: _api, ...body } = await introspection.ofAny(ctx, token, serves);
    await answer(ctx, body.active ? body : inactive, caller.clientId);
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
  };
}
