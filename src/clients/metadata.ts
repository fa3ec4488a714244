import type { JWK } from 'jose';
import { z } from 'zod';
import { plainText } from '../text.ts';
import { isAsid, isLocalSystem } from '../tokens/index.ts';

const text = plainText(2000);

/** Only web addresses: `javascript:` and the like would become links on our pages. */
const webUri = text.refine(
  (value) => ['https:', 'http:'].includes(URL.parse(value)?.protocol ?? ''),
  'must be a web address',
);

const seconds = z
  .int('must be a whole number of seconds')
  .min(0, 'must not be negative')
  .max(253_402_300_799, 'must be before the year 10000');

/** The grant for a system that signed its user in itself and says so in an assertion (RFC 7523 section 2.1). */
export const jwtBearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Grant types that this server offers. */
export const grantTypes = [
  'authorization_code',
  'client_credentials',
  'refresh_token',
  jwtBearerGrant,
] as const;

/** Ways in which a client can prove who it is; `none` is a public client, which cannot. */
export const authenticationMethods = ['client_secret_basic', 'private_key_jwt', 'none'] as const;

/** Scopes of OpenID Connect and SMART that belong to no API: who signed in, whose record, and for how long. */
export const identityScopes = [
  'openid',
  'profile',
  'identity',
  'practitioner',
  'fhirUser',
  'launch/patient',
  'offline_access',
  'online_access',
] as const;

/** Those that say so much about a person that an application has them only if its registration names them. */
export const namedScopes: readonly string[] = ['identity', 'practitioner'];

/** Whether a scope belongs to no API. */
export function isIdentityScope(scope: string): boolean {
  return identityScopes.some((name) => name === scope);
}

/** VSCHAR without space (RFC 6749 appendix A.1): no client library trips over its encoding. */
const clientIdPattern = /^[A-Za-z0-9._~:/@-]{1,200}$/;
const clientId = z.string().regex(clientIdPattern, 'must be 1 to 200 letters, digits or . _ ~ : / @ -');

/** Whether a text could be the client_id of a registered client; what could not is not even looked up. */
export function isClientId(text: string): boolean {
  return clientIdPattern.test(text);
}

/** VSCHAR (RFC 6749 appendix A.2). */
const secret = z.string().regex(/^[\x20-\x7e]{1,500}$/, 'must be 1 to 500 printable ASCII characters');

const jwk = z.looseObject({ kty: z.string('must be a text') }).transform((value) => value as JWK);

const shortText = plainText(200);

/** It goes into tokens as it stands (GP Connect provenance page, requesting_device). */
const device = z.strictObject({
  identifier: z.strictObject({
    system: z.string().refine(isLocalSystem, 'must be an http, https or urn URI of your own'),
    value: shortText,
  }),
  model: shortText,
  version: shortText,
});

/**
 * What a client registration may say: members of RFC 7591, RFC 9449 and OpenID Connect Back-Channel Logout 1.0, and ours (organization, asid, device, apis,
 * client_secrets). Each member is checked by its own rule here; rules that concern several members, and
 * references to what is in the database, are in `registration.ts`.
 */
export const registrationSchema = z.object({
  client_id: clientId.optional(),
  client_secret: secret.optional(),
  client_secret_expires_at: seconds.optional(),
  client_secrets: z
    .array(z.strictObject({ client_secret: secret, client_secret_expires_at: seconds.optional() }))
    .min(1, 'must not be empty')
    .optional(),
  client_id_issued_at: seconds.optional(),
  client_name: text.optional(),
  client_uri: webUri.optional(),
  logo_uri: webUri.optional(),
  policy_uri: webUri.optional(),
  tos_uri: webUri.optional(),
  contacts: z.array(z.email('must be e-mail addresses')).optional(),
  software_id: text.optional(),
  software_version: text.optional(),
  grant_types: z
    .array(
      z.enum(grantTypes, `must be one of ${grantTypes.join(', ')}: this server offers no other grant type`),
    )
    .default([]),
  token_endpoint_auth_method: z
    .enum(
      authenticationMethods,
      `must be ${authenticationMethods.join(', ')}: this server accepts no other method`,
    )
    .default('client_secret_basic'),
  token_endpoint_auth_signing_alg: text.optional(),
  application_type: z.enum(['web', 'native'], 'must be web or native').default('web'),
  redirect_uris: z.array(z.string('must be a text')).max(50, 'must be at most 50').optional(),
  post_logout_redirect_uris: z.array(z.string('must be a text')).max(50, 'must be at most 50').optional(),
  backchannel_logout_uri: webUri.optional(),
  backchannel_logout_session_required: z.boolean('must be true or false').optional(),
  response_types: z.array(z.literal('code', 'must be code: this server offers no other')).optional(),
  id_token_signed_response_alg: z.enum(['ES256', 'RS256'], 'must be ES256 or RS256').optional(),
  require_pushed_authorization_requests: z.boolean('must be true or false').optional(),
  dpop_bound_access_tokens: z.boolean('must be true or false').optional(),
  initiate_login_uri: webUri.refine((value) => value.startsWith('https:'), 'must be https').optional(),
  scope: z.string('must be scopes, separated by spaces').optional(),
  jwks: z.strictObject({ keys: z.array(jwk).min(1, 'must hold a key') }).optional(),
  jwks_uri: webUri.optional(),
  organization: text.optional(),
  asid: z.string().refine(isAsid, 'must be an ASID: digits, 12 as a rule').optional(),
  device: device.optional(),
  apis: z.record(text, z.string('must be the scopes, separated by spaces')).default({}),
});

export type Registration = z.output<typeof registrationSchema>;

/** Names of all members that mean something here. */
export const knownMembers: ReadonlySet<string> = new Set(Object.keys(registrationSchema.shape));
