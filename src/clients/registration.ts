import { randomBytes } from 'node:crypto';
import { type Api, hasProvenance, hasSmartLaunch, INTROSPECT, notOffered } from '../catalogue/index.ts';
import type { Ids } from '../clock.ts';
import type { Organization } from '../organizations/index.ts';
import { splitScope } from '../scopes/index.ts';
import { isObject } from '../text.ts';
import { accountClientId } from './account-client.ts';
import { secretHash } from './client.ts';
import { assertionAlgorithms, canVerify, jwksFaults, publicKey } from './jwks.ts';
import {
  identityScopes,
  isIdentityScope,
  jwtBearerGrant,
  knownMembers,
  type Registration,
  registrationSchema,
} from './metadata.ts';
import { redirectUriFault } from './redirect-uris.ts';
import type { ClientRecord } from './registry.ts';

/** What a registration refers to and has to agree with. */
export interface RegistrationContext {
  readonly apis: readonly Api[];
  readonly organizations: readonly Organization[];
  /** Tells of an address why Assent would not call it, or undefined. */
  readonly addressFault: (url: string) => string | undefined;
  /** Whether the client exists already and has a secret. */
  readonly hasSecret: (clientId: string) => boolean;
  /** Our own identifier: the demonstration's applications run under its origin. */
  readonly issuer: string;
  readonly ids: Ids;
}

/** A checked registration, ready to be stored. */
export interface CheckedRegistration {
  readonly record: ClientRecord;
  /** A secret that was made here: to be shown once. */
  readonly newSecret: string | undefined;
  /** Members that mean nothing to this server (RFC 7591 section 2 lets it ignore them). */
  readonly ignored: readonly string[];
  readonly warnings: readonly string[];
}

/** Text of 128 random bits in base64url; a shorter secret may be guessable once its fast hash is stolen. */
const SHORT_SECRET = 22;

/** Members of the registration that are kept apart from the RFC 7591 metadata. */
const apart = new Set([
  'client_id',
  'client_secret',
  'client_secret_expires_at',
  'client_secrets',
  'client_id_issued_at',
  'organization',
  'asid',
  'device',
  'apis',
]);

const hasKeys = ({ jwks, jwks_uri }: Registration) => jwks !== undefined || jwks_uri !== undefined;

function keyFaults(given: Registration, context: RegistrationContext): string[] {
  const faults: string[] = [];
  const usesKeys = given.token_endpoint_auth_method === 'private_key_jwt';
  if (given.jwks !== undefined && given.jwks_uri !== undefined)
    faults.push('jwks and jwks_uri exclude each other');
  if (usesKeys && !hasKeys(given)) faults.push('private_key_jwt needs jwks or jwks_uri');
  if (given.jwks_uri !== undefined) {
    const fault = context.addressFault(given.jwks_uri);
    if (fault !== undefined) faults.push(`jwks_uri ${fault}`);
  }
  const alg = given.token_endpoint_auth_signing_alg;
  if (alg !== undefined && !assertionAlgorithms.some((one) => one === alg)) {
    faults.push(`token_endpoint_auth_signing_alg must be one of ${assertionAlgorithms.join(', ')}`);
  } else if (alg !== undefined && !usesKeys) {
    faults.push('token_endpoint_auth_signing_alg is for clients of private_key_jwt');
  } else if (alg !== undefined && given.jwks !== undefined && !canVerify(given.jwks, alg)) {
    faults.push(`token_endpoint_auth_signing_alg is ${alg}, but no key of jwks can be used with it`);
  }
  const secrets = given.client_secret !== undefined || given.client_secrets !== undefined;
  if (given.token_endpoint_auth_method !== 'client_secret_basic' && secrets)
    faults.push(`a client of ${given.token_endpoint_auth_method} has no secret`);
  if (given.client_secret !== undefined && given.client_secrets !== undefined)
    faults.push('client_secret and client_secrets exclude each other');
  return faults;
}

/**
 * Rules for clients that assert who their user is: their word counts, so it must be theirs, be signed, and be for an
 * organisation.
 */
function assertionFaults(given: Registration): string[] {
  if (!given.grant_types.includes(jwtBearerGrant)) return [];
  const faults: string[] = [];
  if (given.token_endpoint_auth_method === 'none')
    faults.push(`${jwtBearerGrant} needs a client that can prove who it is`);
  if (!hasKeys(given))
    faults.push(`${jwtBearerGrant} needs jwks or jwks_uri: assertions are verified with these keys`);
  if (given.organization === undefined)
    faults.push(`${jwtBearerGrant} needs organization: the one for which the users ask`);
  return faults;
}

/** An id_token is for a client and an access token for an API: by no name may one pass for the other (RFC 8725 section 3.9). */
function nameFaults({ client_id: id }: Registration, { apis, issuer }: RegistrationContext): string[] {
  if (id === accountClientId) return [`client_id ${accountClientId} is that of our own account pages`];
  return id === issuer || apis.some(({ audience }) => audience === id)
    ? ['client_id must not be the issuer or the audience of an API']
    : [];
}

/** Rules for clients through which people sign in, and for those through which nobody does. */
function codeFaults(given: Registration, { issuer }: RegistrationContext): string[] {
  const faults: string[] = [];
  const usesCode = given.grant_types.includes('authorization_code');
  const native = given.application_type === 'native';
  for (const member of ['redirect_uris', 'post_logout_redirect_uris'] as const) {
    for (const uri of given[member] ?? []) {
      const fault = redirectUriFault(uri, { native, issuer });
      if (fault !== undefined) faults.push(`${member}: ${uri.slice(0, 200)} ${fault}`);
    }
  }
  if (usesCode && !given.redirect_uris?.length) faults.push('authorization_code needs redirect_uris');
  if (!usesCode && given.response_types?.length)
    faults.push('response_types are for clients of authorization_code');
  if (!usesCode && given.grant_types.includes('refresh_token'))
    faults.push('refresh_token needs authorization_code');
  if (given.token_endpoint_auth_method === 'none') {
    if (given.grant_types.includes('client_credentials'))
      faults.push('client_credentials needs a client that can prove who it is');
    if (Object.values(given.apis).some((scopes) => scopes.split(' ').includes(INTROSPECT)))
      faults.push('introspect needs a client that can prove who it is');
  }
  const unknown = (given.scope?.split(' ') ?? []).filter((one) => !isIdentityScope(one));
  if (unknown.length > 0)
    faults.push(
      `scope must be of ${identityScopes.join(', ')}; the scopes of an API belong in apis: ${unknown.join(', ')}`,
    );
  return faults;
}

/** An id_token for a SMART application is RS256 (SMART App Launch 2.2, scopes and launch context). */
function idTokenAlg(given: Registration, { apis }: RegistrationContext): 'ES256' | 'RS256' {
  const smart = apis.some((api) => hasSmartLaunch(api) && Object.hasOwn(given.apis, api.id));
  return given.id_token_signed_response_alg ?? (smart ? 'RS256' : 'ES256');
}

/** Rules for clients that want to be told of sign-outs (OpenID Connect Back-Channel Logout 1.0 section 2.2). */
function logoutFaults(given: Registration, { addressFault }: RegistrationContext): string[] {
  const { backchannel_logout_uri: uri, backchannel_logout_session_required: required } = given;
  if (uri === undefined)
    return required === true ? ['backchannel_logout_session_required needs backchannel_logout_uri'] : [];
  const faults: string[] = [];
  const fault = addressFault(uri);
  if (fault !== undefined) faults.push(`backchannel_logout_uri ${fault}`);
  if (new URL(uri).hash !== '') faults.push('backchannel_logout_uri must not have a fragment');
  if (!given.grant_types.includes('authorization_code'))
    faults.push('backchannel_logout_uri is for clients of authorization_code');
  return faults;
}

function apiFaults(given: Registration, context: RegistrationContext): string[] {
  const faults: string[] = [];
  for (const [id, text] of Object.entries(given.apis)) {
    const api = context.apis.find((one) => one.id === id);
    const scopes = splitScope(text);
    if (api === undefined) faults.push(`apis.${id} is not an API of this server`);
    else if (scopes === undefined) faults.push(`apis.${id} must be scopes separated by single spaces`);
    else {
      // Every API may have a resource server, also one whose family of scopes has no such name.
      const opening = scopes.filter((scope) => scope !== INTROSPECT);
      for (const scope of notOffered(api, opening)) faults.push(`apis.${id}: the API has no scope ${scope}`);
    }
  }
  const { organization } = given;
  if (organization !== undefined && !context.organizations.some((one) => one.key === organization)) {
    faults.push(`organization ${organization} is not known: organisations are named by their key`);
  }
  return faults;
}

function secretsOf(given: Registration): ClientRecord['secrets'] {
  const list =
    given.client_secrets ??
    (given.client_secret === undefined
      ? undefined
      : [{ client_secret: given.client_secret, client_secret_expires_at: given.client_secret_expires_at }]);
  return list?.map((one) => ({
    hash: secretHash(one.client_secret),
    // RFC 7591 section 3.2.1: 0 means that the secret does not expire.
    expiresAt: one.client_secret_expires_at ? new Date(one.client_secret_expires_at * 1000) : undefined,
  }));
}

function warningsOf(given: Registration, { apis }: RegistrationContext): string[] {
  const warnings: string[] = [];
  const secrets = [given.client_secret, ...(given.client_secrets ?? []).map((one) => one.client_secret)];
  if (secrets.some((secret) => secret !== undefined && secret.length < SHORT_SECRET))
    warnings.push(`a secret has fewer than ${SHORT_SECRET} characters: replace it with a random one`);
  const asserts = given.grant_types.includes(jwtBearerGrant);
  if (hasKeys(given) && !asserts && given.token_endpoint_auth_method !== 'private_key_jwt')
    warnings.push(`the keys are not used: they are for private_key_jwt and ${jwtBearerGrant}`);
  const named = apis.some((api) => hasProvenance(api) && Object.hasOwn(given.apis, api.id));
  if (asserts && !named)
    warnings.push(`${jwtBearerGrant} opens nothing: none of apis has tokens that name a practitioner`);
  return warnings;
}

/** The RFC 7591 members to keep; of keys only what a public key has. */
function metadataOf(given: Registration, context: RegistrationContext): Record<string, unknown> {
  const jwks = given.jwks && { keys: given.jwks.keys.map(publicKey) };
  const code = given.grant_types.includes('authorization_code')
    ? { response_types: ['code'], id_token_signed_response_alg: idTokenAlg(given, context) }
    : {};
  const members = Object.entries({ ...given, jwks, ...code });
  return Object.fromEntries(members.filter(([member, value]) => !apart.has(member) && value !== undefined));
}

/**
 * Checks one client registration (RFC 7591 metadata and our members).
 *
 * @param input anything, usually parsed JSON
 * @param fallbackId client_id when the input names none, for instance its name in a map
 * @returns the record to store, or the list of faults, each beginning with the member's path
 */
export async function checkRegistration(
  input: unknown,
  fallbackId: string | undefined,
  context: RegistrationContext,
): Promise<CheckedRegistration | { readonly faults: readonly string[] }> {
  const named = isObject(input) ? { client_id: fallbackId, ...input } : input;
  const result = registrationSchema.safeParse(named);
  if (!result.success) {
    return { faults: result.error.issues.map((issue) => `${issue.path.join('.') || 'it'} ${issue.message}`) };
  }
  const given = result.data;
  const faults = [
    ...nameFaults(given, context),
    ...keyFaults(given, context),
    ...assertionFaults(given),
    ...codeFaults(given, context),
    ...logoutFaults(given, context),
    ...apiFaults(given, context),
  ];
  if (given.jwks !== undefined) faults.push(...(await jwksFaults(given.jwks)));
  if (faults.length > 0) return { faults };

  const clientId = given.client_id ?? context.ids.uuid();
  const needsSecret = given.token_endpoint_auth_method === 'client_secret_basic';
  const givenSecrets = secretsOf(given);
  const newSecret =
    needsSecret && givenSecrets === undefined && !context.hasSecret(clientId)
      ? randomBytes(32).toString('base64url')
      : undefined;
  const made = newSecret === undefined ? undefined : [{ hash: secretHash(newSecret), expiresAt: undefined }];
  return {
    record: {
      clientId,
      metadata: metadataOf(given, context),
      organization: given.organization,
      asid: given.asid,
      device: given.device,
      secrets: needsSecret ? (givenSecrets ?? made) : [],
      apis: Object.fromEntries(Object.entries(given.apis).map(([id, text]) => [id, splitScope(text) ?? []])),
    },
    newSecret,
    ignored: Object.keys(named as object).filter((member) => !knownMembers.has(member)),
    warnings: warningsOf(given, context),
  };
}
