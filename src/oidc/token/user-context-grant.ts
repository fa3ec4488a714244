import { createLocalJWKSet, type JWK, errors as joseErrors, jwtVerify } from 'jose';
import Provider, { errors, type KoaContextWithOIDC } from 'oidc-provider';
import {
  type Asserted,
  type AssertedClaims,
  aboveRole,
  CLOCK_TOLERANCE,
  isRefusal,
  knownRoles,
  readUserContext,
  reasonOf,
} from '../../authorisation/index.ts';
import { assertionAlgorithms, type Client, jwtBearerGrant } from '../../clients/index.ts';
import type { Clock } from '../../clock.ts';
import type { RemoteJwks } from '../../outgoing/index.ts';
import type { Practitioners } from '../../practitioners/index.ts';
import { asText } from '../../text.ts';
import type { RequestState, RequestStates } from '../request-state.ts';
import type { Resources } from '../resources.ts';
import { digest, type ReplayGuard } from '../storage/index.ts';
import type { DpopCheck } from './dpop.ts';

/** Parameters of its requests, beside those of client authentication. */
export const jwtBearerParameters = ['assertion', 'scope', 'resource'] as const;

const refused = (detail: string, cause?: unknown) => {
  const error = new errors.CustomOIDCProviderError('invalid_grant', detail);
  if (cause !== undefined) error.cause = cause;
  return error;
};

/** Verifies with whichever key fits, where the assertion names none and several could. */
async function claimsOf(assertion: string, keys: readonly JWK[], now: Date): Promise<AssertedClaims> {
  const options = {
    algorithms: [...assertionAlgorithms],
    currentDate: now,
    clockTolerance: CLOCK_TOLERANCE,
  };
  const keySet = createLocalJWKSet({ keys: [...keys] });
  const verify = async () => {
    try {
      return await jwtVerify(assertion, keySet, options);
    } catch (error) {
      if (!(error instanceof joseErrors.JWKSMultipleMatchingKeys)) throw error;
      for await (const key of error) {
        try {
          return await jwtVerify(assertion, key, options);
        } catch (fault) {
          if (!(fault instanceof joseErrors.JWSSignatureVerificationFailed)) throw fault;
        }
      }
      throw new joseErrors.JWSSignatureVerificationFailed();
    }
  };
  const { payload, protectedHeader } = await verify();
  // Other tokens may be signed with the same key, DPoP proofs among them (RFC 8725 section 3.11).
  const typ = protectedHeader.typ?.toLowerCase();
  if (typ !== undefined && typ !== 'jwt') throw new joseErrors.JWTInvalid('typ must be JWT');
  return payload;
}

/**
 * The handler of the JWT bearer grant (RFC 7523 section 2.1): a system that signed its user in itself says who it is, and
 * gets a token that says so. Made for `provider.registerGrantType`.
 *
 * Any fault of the assertion is `invalid_grant`. Its `jti` is taken last, when nothing else can be refused, and is durable
 * before the token is made. There is no refresh token: the system asserts again.
 */
export function createUserContextGrant(options: {
  issuer: string;
  clock: Clock;
  remoteJwks: RemoteJwks;
  practitioners: Practitioners;
  resources: Resources;
  states: RequestStates;
  dpop: DpopCheck;
  replayGuard: ReplayGuard;
}): (ctx: KoaContextWithOIDC) => Promise<void> {
  const { issuer, clock, remoteJwks, practitioners, resources, states, dpop, replayGuard } = options;

  async function keysOf({ metadata }: Client): Promise<readonly JWK[]> {
    const { jwks, jwks_uri: uri } = metadata;
    return typeof uri === 'string'
      ? remoteJwks.keys(uri)
      : ((jwks as { keys: JWK[] } | undefined)?.keys ?? []);
  }

  async function verify(assertion: string, client: Client): Promise<AssertedClaims> {
    const keys = await keysOf(client);
    try {
      return await claimsOf(assertion, keys, clock.now());
    } catch (cause) {
      const expired = cause instanceof joseErrors.JWTExpired;
      throw refused(
        expired ? 'the assertion has expired' : 'the assertion is not a JWT signed with a key of the client',
        cause,
      );
    }
  }

  /** Holds the assertion against the client, the API, our own directory and the scopes. */
  async function accept(
    claims: AssertedClaims,
    scopes: readonly string[],
    state: RequestState,
  ): Promise<Asserted> {
    const { api, client } = state;
    if (api === undefined || client === undefined)
      throw new Error('an assertion is for an API and of a client');
    const asserted = readUserContext(claims, { api, client, issuer, now: clock.seconds() });
    if ('fault' in asserted) throw refused(asserted.fault);
    const organization = client.organization?.key ?? '';
    const listed = await practitioners.listed({
      ...asserted,
      practitioner: asserted.practitioner?.id,
      organization,
    });
    const known = knownRoles(listed, asserted, client);
    if ('fault' in known) throw refused(known.fault);
    const beyond = known.roles?.map((role) => aboveRole(role, api, scopes)) ?? [];
    const [above] = beyond.every(({ length }) => length > 0) ? (beyond[0] ?? []) : [];
    if (above !== undefined)
      throw new errors.InvalidScope(`the role of the user may not have ${above}`, above);
    const reason = reasonOf(api, client, { reason: asserted.reason, scopes });
    if (isRefusal(reason)) throw refused(reason.description);
    state.reason = reason.reason;
    return asserted;
  }

  return async (ctx) => {
    const { client, params, provider } = ctx.oidc;
    const state = states.of(ctx);
    if (client === undefined || state.client === undefined) throw new Error('the client is authenticated');
    const assertion = asText(params?.assertion);
    if (assertion === undefined) throw new errors.InvalidRequest('assertion is required');
    const proof = await dpop(ctx, client);
    const indicator = asText(params?.resource) || (await resources.defaultResource(ctx));
    if (typeof indicator !== 'string') throw new errors.InvalidTarget('a request is for one resource');
    const info = await resources.getResourceServerInfo(ctx, indicator);
    const scopes = info.scope.split(' ');
    const asserted = await accept(await verify(assertion, state.client), scopes, state);
    await proof?.take();
    const id = digest(JSON.stringify([jwtBearerGrant, state.client.clientId, asserted.jti]));
    if (!(await replayGuard.first(id, asserted.endsAt))) throw refused('the assertion was used before');

    state.asserted = asserted;
    const token = new provider.AccessToken({
      accountId: asserted.subject,
      client,
      gty: 'jwt_bearer',
      scope: scopes.join(' '),
    } as ConstructorParameters<Provider['AccessToken']>[0]);
    token.resourceServer = new provider.ResourceServer(indicator, info);
    if (proof !== undefined) token.setThumbprint('jkt', proof.thumbprint);
    ctx.oidc.entity('AccessToken', token);
    const value = await token.save();
    ctx.body = {
      access_token: value,
      expires_in: token.expiration,
      scope: token.scope,
      token_type: token.tokenType,
    };
  };
}
