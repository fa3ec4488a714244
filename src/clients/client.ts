import { createHash, timingSafeEqual } from 'node:crypto';
import type { Organization } from '../organizations/index.ts';

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

/** The scopes that a client was given at an API; undefined when it was not given the API at all. */
export function scopesAt(client: Pick<Client, 'apis'>, apiId: string): readonly string[] | undefined {
  return Object.hasOwn(client.apis, apiId) ? client.apis[apiId] : undefined;
}

/**
 * The hash under which a client secret is kept. Secrets are random (256 bits), so a fast hash is right:
 * there is nothing to guess, and a slow one would only slow the token endpoint.
 */
export function secretHash(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('base64url');
}

/**
 * Whether a presented secret is one of the client's valid ones. Hashes are compared in constant time and
 * all of them, so that the answer's time tells nothing.
 */
export function secretMatches(client: Pick<Client, 'secrets'>, presented: string, now: Date): boolean {
  const hash = Buffer.from(secretHash(presented));
  let matches = false;
  for (const secret of client.secrets) {
    const expected = Buffer.from(secret.hash);
    const equal = expected.length === hash.length && timingSafeEqual(expected, hash);
    if (equal && (secret.expiresAt === undefined || secret.expiresAt > now)) matches = true;
  }
  return matches;
}
