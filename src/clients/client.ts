import { hash, timingSafeEqual } from 'node:crypto';
import type { Organization } from '../organizations/index.ts';
import { identityScopes, namedScopes } from './metadata.ts';

/** The device that sends a client's requests (FHIR Device, as GP Connect wants it in a token). */
export interface Device {
  readonly identifier: { readonly system: string; readonly value: string };
  readonly model: string;
  readonly version: string;
}

/** One secret of a client: what is kept is its hash. */
export interface ClientSecret {
  /** SHA-256 of the secret, base64url. */
  readonly hash: string;
  readonly expiresAt: Date | undefined;
}

/** A registered client with all that decides what it may have. */
export interface Client {
  readonly clientId: string;
  /** Members of RFC 7591 that oidc-provider understands; no secret. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly organization: Organization | undefined;
  /** Accredited system id: the client's own, else its organisation's. */
  readonly asid: string | undefined;
  readonly device: Device | undefined;
  readonly secrets: readonly ClientSecret[];
  /** API id to the scopes that the client may have there. */
  readonly apis: Readonly<Record<string, readonly string[]>>;
}

/** Whether the client cannot keep a secret: a page or an application on the person's own device. */
export function isPublic(client: Pick<Client, 'metadata'>): boolean {
  return client.metadata.token_endpoint_auth_method === 'none';
}

/** A list of texts in the client's metadata; empty when it has none. */
export function listed(client: Pick<Client, 'metadata'>, member: string): readonly string[] {
  const value = client.metadata[member];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** Origins of the pages to which a client has people sent back; an application's own scheme has none. */
export function pageOrigins(client: Pick<Client, 'metadata'>): readonly string[] {
  const urls = listed(client, 'redirect_uris').map((uri) => new URL(uri));
  return urls.filter(({ protocol }) => /^https?:$/.test(protocol)).map(({ origin }) => origin);
}

/** Where the client is told that somebody signed out (OpenID Connect Back-Channel Logout 1.0 section 2.2), if it wants to be. */
export function logoutUri(client: Pick<Client, 'metadata'>): string | undefined {
  const { backchannel_logout_uri: uri } = client.metadata;
  return typeof uri === 'string' ? uri : undefined;
}

/** What people call the client. */
export function clientName(client: Pick<Client, 'metadata' | 'clientId'>): string {
  const { client_name: name } = client.metadata;
  return typeof name === 'string' ? name : client.clientId;
}

/** The identity scopes that a client may ask for: those of its `scope` member (RFC 7591 section 2), or all without it. */
export function identityScopesOf(client: Pick<Client, 'metadata'>): readonly string[] {
  const { scope } = client.metadata;
  return typeof scope === 'string'
    ? scope.split(' ')
    : identityScopes.filter((one) => !namedScopes.includes(one));
}

/** The scopes that a client was given at an API; undefined when it was not given the API at all. */
export function scopesAt(client: Pick<Client, 'apis'>, apiId: string): readonly string[] | undefined {
  return Object.hasOwn(client.apis, apiId) ? client.apis[apiId] : undefined;
}

/**
 * The hash under which a client secret is kept. Secrets are random (256 bits), so a fast hash is right:
 * there is nothing to guess, and a slow one would only slow the token endpoint.
 */
export function secretHash(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

/**
 * Whether a presented secret is one of the client's valid ones. Hashes are compared in constant time and
 * all of them, so that the answer's time tells nothing.
 */
export function secretMatches(client: Pick<Client, 'secrets'>, presented: string, now: Date): boolean {
  const found = Buffer.from(secretHash(presented));
  let matches = false;
  for (const secret of client.secrets) {
    const expected = Buffer.from(secret.hash);
    const equal = expected.length === found.length && timingSafeEqual(expected, found);
    if (equal && (secret.expiresAt === undefined || secret.expiresAt > now)) matches = true;
  }
  return matches;
}
