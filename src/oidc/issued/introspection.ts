import type Provider from 'oidc-provider';
import type { Configuration } from 'oidc-provider';
import { beyondClient } from '../../authorisation/index.ts';
import { type Api, type Catalogue, INTROSPECT } from '../../catalogue/index.ts';
import {
  type Client,
  type ClientRegistry,
  isIdentityScope,
  isPublic,
  scopesAt,
} from '../../clients/index.ts';
import { hasCode } from '../../errors.ts';
import type { DenyList } from '../../revocations/index.ts';
import { asText } from '../../text.ts';
import type { GrantValidity } from '../grants/grant-validity.ts';
import type { RequestStates } from '../request-state.ts';
import { keptId } from '../storage/index.ts';
import { signedInOf } from '../token-id.ts';
import type { IssuedToken, IssuedTokens } from './issued-tokens.ts';

type AllowedPolicy = NonNullable<
  NonNullable<NonNullable<Configuration['features']>['introspection']>['allowedPolicy']
>;

type Contextual = Parameters<RequestStates['of']>[0];

/** Who asks about a token: an API's tokens are for its own resource servers. */
export type Serves = (api: Api) => boolean;

/** What introspection answers (RFC 7662 section 2.2). */
export type Introspected = Readonly<Record<string, unknown>> & { readonly active: boolean };

/** Whatever is wrong with a token, and whoever asks: this and nothing more. */
export const inactive: Introspected = { active: false };

export interface Introspection {
  /** `introspection.allowedPolicy`: who may see what an opaque token holds. Whoever may not is told that it is not active. */
  readonly allowed: AllowedPolicy;
  /** A JWT, for a caller who is known. */
  ofJwt(ctx: Contextual, token: string, serves: Serves): Promise<Introspected>;
  /** A token of either kind, for a caller who is known but is no client of this request. */
  ofAny(ctx: Contextual, token: string, serves: Serves): Promise<Introspected & { readonly api?: Api }>;
}

/** Which APIs a client that has proved who it is serves. A public one has shown no more than its name (RFC 7662 section 2.1). */
export function servedBy(client: Client | undefined): Serves {
  if (client === undefined || isPublic(client)) return () => false;
  return (api) => scopesAt(client, api.id)?.includes(INTROSPECT) === true;
}

/** What an opaque access token is, as the library's models have it. */
type PersonalToken = InstanceType<Provider['AccessToken']>;
type OpaqueToken = PersonalToken | InstanceType<Provider['ClientCredentials']>;

/** Members of the answer about an opaque token, as the library puts them together for clients. */
function describe(token: OpaqueToken, issuer: string): Introspected {
  return {
    ...token.extra,
    active: true,
    ...(token.kind === 'AccessToken' ? { sub: token.accountId } : {}),
    client_id: token.clientId,
    exp: token.exp,
    iat: token.iat,
    iss: issuer,
    aud: token.aud,
    scope: token.scope,
    token_type: token.tokenType,
    ...(token.jkt === undefined ? {} : { cnf: { jkt: token.jkt } }),
  };
}

/** Connects introspection (RFC 7662) with the catalogue: a resource server sees the tokens for its own API only. */
export function createIntrospection(options: {
  issuer: string;
  provider: () => Provider;
  catalogue: Catalogue;
  registry: ClientRegistry;
  grantValidity: GrantValidity;
  issuedTokens: IssuedTokens;
  denyList: DenyList;
  states: RequestStates;
}): Introspection {
  const { issuer, provider, catalogue, registry, grantValidity, issuedTokens, denyList, states } = options;

  /** The client of a token, if it may still have all that the token says: its scope is never told otherwise than it was. */
  async function holderOf(
    clientId: string,
    api: Api,
    scopes: readonly string[],
  ): Promise<Client | undefined> {
    const holder = await registry.find(clientId);
    if (holder === undefined || scopesAt(holder, api.id) === undefined) return undefined;
    const opening = scopes.filter((one) => !isIdentityScope(one));
    return beyondClient(holder, api, opening).length === 0 ? holder : undefined;
  }

  const scopesIn = (scope: unknown) => asText(scope)?.split(' ') ?? [];

  async function isLiveJwt(ctx: Contextual, { claims, api, clientId, ids }: IssuedToken): Promise<boolean> {
    if (await denyList.has(ids)) return false;
    const scopes = scopesIn(claims.scope ?? claims.requested_scope);
    const client = await holderOf(clientId, api, scopes);
    if (client === undefined || ids.grant === undefined) return client !== undefined;
    return grantValidity.isLive(ctx, { grantId: ids.grant, client, api, scopes });
  }

  /**
   * Whether the browser session is still there that a token ends with. Where sessions cannot be looked at, it is taken to be:
   * signing out ends the grant too, and the token ends by itself within ten minutes.
   */
  async function isInSession(ctx: Contextual, token: PersonalToken): Promise<boolean> {
    if (!states.of(ctx).bound?.has(token.jti)) return true;
    try {
      const session = await provider().Session.findByUid(token.sessionUid ?? '');
      if (session === undefined || session.accountId !== token.accountId) return false;
      return session.grantIdFor(token.clientId ?? '') === token.grantId;
    } catch (error) {
      if (hasCode(error, 'redis_unavailable')) return true;
      throw error;
    }
  }

  /** Notes which token was asked about: an API may say what it is used for. */
  async function note(
    ctx: Contextual,
    token: { api: Api; clientId: string; scopes: readonly string[]; tokenId: string },
    { grant, sub }: { grant: string | undefined; sub: unknown },
  ): Promise<void> {
    const state = states.of(ctx);
    const consent = grant === undefined ? undefined : await state.consents?.get(grant);
    const subject = consent?.accountId ?? asText(sub) ?? token.clientId;
    state.introspected = { ...token, subject, grant, patient: consent?.patient };
  }

  /** The API of an opaque token that is alive and that the caller may know. */
  async function apiOf(ctx: Contextual, token: OpaqueToken, serves: Serves): Promise<Api | undefined> {
    const api = (await catalogue.all()).find((one) => one.audience === token.aud);
    if (api === undefined || !serves(api)) return undefined;
    const scopes = scopesIn(token.scope);
    const client = await holderOf(String(token.clientId), api, scopes);
    if (client === undefined) return undefined;
    const seen = { api, clientId: client.clientId, scopes, tokenId: keptId(token.kind, token.jti) };
    if (token.kind !== 'AccessToken') {
      await note(ctx, seen, { grant: undefined, sub: client.clientId });
      return api;
    }
    const { grantId } = token;
    if (grantId === undefined || !(await isInSession(ctx, token))) return undefined;
    if (!(await grantValidity.isLive(ctx, { grantId, client, api, scopes }))) return undefined;
    await note(ctx, seen, { grant: grantId, sub: token.accountId });
    return api;
  }

  async function ofJwt(ctx: Contextual, text: string, serves: Serves) {
    const token = await issuedTokens.read(text);
    if (token === undefined || !serves(token.api) || !(await isLiveJwt(ctx, token))) return inactive;
    const { claims, api, ids, clientId } = token;
    const type = claims.cnf === undefined ? 'Bearer' : 'DPoP';
    // GP Connect has another name for it, which a caller of this endpoint need not know.
    const scope = claims.scope ?? claims.requested_scope;
    await note(
      ctx,
      { api, clientId, scopes: scopesIn(scope), tokenId: ids.token },
      { ...ids, sub: claims.sub },
    );
    const signedIn = signedInOf(ids.token);
    const assurance = signedIn && { acr: signedIn.acr, auth_time: signedIn.at };
    return { ...claims, ...assurance, active: true, scope, token_type: type, api };
  }

  async function ofOpaque(ctx: Contextual, text: string, serves: Serves) {
    const { AccessToken, ClientCredentials } = provider();
    const token = (await AccessToken.find(text)) ?? (await ClientCredentials.find(text));
    if (!token?.isValid) return inactive;
    const api = await apiOf(ctx, token, serves);
    return api === undefined ? inactive : { ...describe(token, issuer), api };
  }

  return {
    async allowed(ctx, _client, token) {
      if (token.kind === 'RefreshToken') return false;
      const serves = servedBy(states.of(ctx).client);
      return (await apiOf(ctx, token as OpaqueToken, serves)) !== undefined;
    },
    async ofJwt(ctx, text, serves) {
      const { api: _api, ...answer } = await ofJwt(ctx, text, serves);
      return answer;
    },
    async ofAny(ctx, text, serves) {
      return text.includes('.') ? ofJwt(ctx, text, serves) : ofOpaque(ctx, text, serves);
    },
  };
}
