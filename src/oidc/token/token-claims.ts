import { errors, type JWTStructured, type KoaContextWithOIDC } from 'oidc-provider';
import { isRefusal, machineNames, provenanceFault, reasonOf } from '../../authorisation/index.ts';
import { type Api, scopeFamily, type TokenProfile } from '../../catalogue/index.ts';
import { isIdentityScope } from '../../clients/index.ts';
import { combinationFault, needsPerson } from '../../scopes/index.ts';
import { asText } from '../../text.ts';
import {
  bearsNameOf,
  gpConnect,
  isUserIdentifier,
  practitionerResource,
  readPractitioner,
  spineCore,
} from '../../tokens/index.ts';
import type { RequestState, RequestStates } from '../request-state.ts';
import { tokenIdOf } from '../token-id.ts';
import { signedInBy } from './signed-in.ts';
import { practitionerIn, userIn } from './token-user.ts';

type Payload = NonNullable<JWTStructured['payload']>;

/** What the library has prepared, as far as profiles need it. */
interface Prepared {
  readonly iat: number;
  readonly jti: string;
  readonly scope: string;
  readonly cnf?: Payload['cnf'];
}

/** A token that is about to be signed. */
interface Draft {
  readonly issuer: string;
  readonly api: Api;
  readonly state: RequestState;
  readonly prepared: Prepared;
}

/** What every token with provenance is made from, checked once more: one with a hole must be impossible. */
function contextOf({ issuer, api, state, prepared }: Draft) {
  const { client, reason: given } = state;
  const { iat, jti, scope } = prepared;
  const scopes = scope.split(' ').filter((one) => !isIdentityScope(one));
  if (client === undefined) throw new Error('a token is about to be issued to nobody');
  const hole = provenanceFault(api, client);
  if (hole !== undefined) throw new errors.UnauthorizedClient(hole);
  const mix = combinationFault(scopeFamily(api), scopes);
  if (scopes.length === 0 || mix !== undefined)
    throw new errors.InvalidScope(mix ?? 'a scope of the resource is required', scope);
  const reason = reasonOf(api, client, { reason: given, scopes });
  if (isRefusal(reason)) throw new errors.InvalidGrant(reason.description);
  return {
    client,
    reason: String(reason.reason),
    envelope: { issuer, audience: api.audience, issuedAt: iat, jti, clientId: client.clientId },
    scope: scopes.join(' '),
  };
}

function spineCorePayload(draft: Draft): Payload {
  const { client, reason, envelope, scope } = contextOf(draft);
  const user = userIn(draft.state, draft.issuer);
  if (user !== undefined && (!isUserIdentifier(user) || bearsNameOf(machineNames(client), [user.value])))
    throw new errors.InvalidGrant('the role has an id that no token can name');
  // Without a user the token would speak for the system, which may not have these scopes.
  if (user === undefined && scope.split(' ').some((one) => needsPerson('spine', one)))
    throw new errors.InvalidGrant('the token would name nobody');
  return spineCore.spineCoreClaims({
    ...envelope,
    asid: String(client.asid),
    odsCode: String(client.organization?.odsCode),
    reason: reason as spineCore.Reason,
    scope,
    ...(user && { user }),
  });
}

function gpConnectPayload(draft: Draft): Payload {
  const { client, reason, envelope, scope } = contextOf(draft);
  const practitioner = practitionerIn(draft.state, draft.issuer);
  const { device, organization } = client;
  if (practitioner === undefined) throw new errors.InvalidGrant('the token would name nobody');
  const read = readPractitioner(practitionerResource(practitioner), machineNames(client));
  if ('fault' in read) throw new errors.InvalidGrant(read.fault);
  if (device === undefined || organization?.odsCode === undefined)
    throw new errors.UnauthorizedClient('the token would lack its provenance');
  return gpConnect.gpConnectClaims({
    ...envelope,
    device,
    organization: { name: organization.name, odsCode: organization.odsCode },
    practitioner,
    reason: reason as gpConnect.Reason,
    scope,
  });
}

const plainPayload = ({ api, prepared }: Draft): Payload => ({
  ...prepared,
  exp: prepared.iat + api.tokenLifetime,
});

/** The claims of a JWT, by the profile of its API; `cnf` of a bound token is added to all of them below. */
const payloads: Readonly<Record<TokenProfile, (draft: Draft) => Payload>> = {
  'spine-core': spineCorePayload,
  'gp-connect': gpConnectPayload,
  smart: plainPayload,
  none: plainPayload,
};

/**
 * `formats.customizers.jwt`: gives a JWT access token the claims of its API's profile.
 *
 * The library reads the clock twice while it makes a token, so `exp` is always set anew from `iat`.
 */
export function createTokenClaims(options: { issuer: string; states: RequestStates }) {
  const { issuer, states } = options;

  return (ctx: KoaContextWithOIDC, token: object, jwt: JWTStructured): undefined => {
    const state = states.of(ctx);
    const { api } = state;
    if (api === undefined) throw new Error('a JWT was about to be issued that nobody admitted');
    const grantId = 'grantId' in token ? asText(token.grantId) : undefined;
    const library = jwt.payload as unknown as Prepared;
    const origin =
      grantId === undefined
        ? undefined
        : { grant: grantId, version: state.version ?? 0, signedIn: signedInBy(ctx) };
    const prepared = { ...library, jti: tokenIdOf(origin, library.jti) };
    const payload = payloads[api.profile]({ issuer, api, state, prepared });
    const { cnf } = prepared;
    jwt.payload = cnf === undefined ? payload : { ...payload, cnf };
    jwt.header = { typ: api.tokenTyp };
    state.subject = String(payload.sub);
    state.tokenId = prepared.jti;
  };
}
