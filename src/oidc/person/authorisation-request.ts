import { decodeJwt } from 'jose';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { admitPerson, clientHolds } from '../../authorisation/index.ts';
import { type Api, hasProvenance, hasSmartLaunch } from '../../catalogue/index.ts';
import { accountClientId, type Client, isIdentityScope, scopesAt } from '../../clients/index.ts';
import { splitScope } from '../../scopes/index.ts';
import { asText } from '../../text.ts';
import { admitted } from '../refused.ts';
import type { RequestState } from '../request-state.ts';
import { responseModes } from './authorisation-endpoint.ts';

/**
 * The `scope` of an authorisation request as it was sent. The library strips `offline_access` from it unless
 * `prompt=consent`, which SMART applications do not send.
 */
function sentScope({ oidc, query }: KoaContextWithOIDC): string | undefined {
  if (oidc.route === 'pushed_authorization_request') return asText(oidc.body?.scope);
  const pushed = oidc.entities.PushedAuthorizationRequest?.request;
  return asText(pushed === undefined ? query.scope : decodeJwt(pushed).scope);
}

/**
 * The `aud` parameter. The library keeps a pushed request as a JWT, whose own `aud` (this issuer) takes the place of the
 * parameter; by then the parameter has become the resource.
 */
function audOf({ oidc }: KoaContextWithOIDC): string | undefined {
  if (oidc.params === undefined) return undefined;
  if (oidc.entities.PushedAuthorizationRequest !== undefined && oidc.route === 'authorization')
    oidc.params.aud = undefined;
  return asText(oidc.params.aud);
}

/** Refuses a request that names two APIs, with `aud` and `resource` or with several of the latter. */
export function checkOneApi(ctx: KoaContextWithOIDC, api: Api): void {
  const aud = audOf(ctx);
  if (aud && aud !== api.audience && aud !== `${api.audience}/`)
    throw new errors.InvalidTarget('aud and resource name different APIs');
  const resource = ctx.oidc.params?.resource;
  if (Array.isArray(resource) && resource.length > 1)
    throw new errors.InvalidTarget('a request is for one resource');
}

/**
 * Admits what an authorisation request asks for: a person is going to be asked, or has just answered.
 *
 * @returns the scopes; the reason is noted in the request's state
 * @throws the library's error of a refusal
 */
export function admitAuthorisation(
  ctx: KoaContextWithOIDC,
  { api, client, state }: { api: Api | undefined; client: Client; state: RequestState },
): readonly string[] {
  const { params, route } = ctx.oidc;
  if (params === undefined) throw new Error('an authorisation request has parameters');
  const mode = params.response_mode;
  if (mode !== undefined && !responseModes.some((one) => one === mode))
    throw new errors.InvalidRequest(`response_mode must be ${responseModes.join(' or ')}`);
  if (client.clientId === accountClientId && asText(params.prompt)?.split(' ').includes('consent'))
    throw new errors.InvalidRequest('nobody is asked for consent to the account pages');
  const sent = route === 'resume' ? undefined : sentScope(ctx);
  const scopes = sent === undefined ? undefined : splitScope(sent);
  if (scopes?.includes('offline_access')) params.scope = scopes.join(' ');
  const admission = admitted(
    admitPerson({
      client,
      api,
      scope: params.scope,
      state: params.state,
      reason: params.reason_for_request || undefined,
    }),
  );
  state.reason = admission.reason;
  return admission.scopes;
}

/**
 * The audience of the API that an authorisation request without `resource` is for; none for one that only wants to know who
 * it is. SMART names the FHIR base `aud`, and a slash at its end means the same base. A client of the Spine profiles need
 * not name one, where only one of its APIs can be meant.
 */
export function apiOfAuthorisation(
  ctx: KoaContextWithOIDC,
  { client, state, apis: all }: { client: Client; state: RequestState; apis: readonly Api[] },
): string | string[] {
  const aud = audOf(ctx);
  if (aud) return all.find((api) => `${api.audience}/` === aud)?.audience ?? aud;
  const apis = all.filter((api) => scopesAt(client, api.id) !== undefined);
  const asked = asText(ctx.oidc.params?.scope)?.split(' ') ?? [];
  const opens = asked.filter((scope) => !isIdentityScope(scope));
  const [meant, ...more] = apis.filter((api) => apis.length === 1 || clientHolds(client, api, opens));
  if (opens.length > 0 && meant !== undefined && more.length === 0 && apis.every(hasProvenance))
    return meant.audience;
  if (apis.some(hasSmartLaunch) || (apis.length > 0 && opens.length > 0))
    throw new errors.InvalidRequest(
      'aud (or resource) is required: the address of the API that is to be used',
    );
  admitAuthorisation(ctx, { api: undefined, client, state });
  return [];
}
