import { headerValues } from './headers.ts';
import { type Claims, filledText, readObject } from './json.ts';
import type { Dialect, Fault, ResourceRequest } from './types.ts';

/** The algorithms that Assent's keys may have; which of them sign, the published set says. */
export const algorithms = ['ES256', 'RS256', 'PS256'];

/** What was sent as `Authorization`. */
export interface Credentials {
  readonly scheme: 'Bearer' | 'DPoP';
  readonly token: string;
}

/** A token that has been taken apart; nothing about it is proved. */
export interface Envelope {
  readonly trust: 'signed' | 'unsigned';
  /** The bytes of the second part, not yet read. */
  readonly payload: Uint8Array;
}

/** The one message about a wrong scheme, which also stands for the wrong scheme of a token that is not bound. */
export const notBearer = 'The Authorization header must be Bearer and one token';

/**
 * Reads the `Authorization` header: one scheme, one space, one token, the scheme in any case (spine-jwt reference
 * sections 2 and 9.3). The scheme `DPoP` (RFC 9449 section 7.1) is read too, for bound tokens.
 */
export function readCredentials(
  request: ResourceRequest,
  { texts }: Dialect,
): Credentials | { fault: Fault } {
  const [value, ...more] = headerValues(request, 'authorization');
  if (value === undefined) return { fault: texts.noAuthorization };
  const [, scheme = '', token = ''] = /^(bearer|dpop) ([^\s]+)$/i.exec(value) ?? [];
  if (token === '' || more.length > 0) return { fault: notBearer };
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token };
}

const notBase64url = 'JWT is not base64url without padding';

/** The bytes of base64url without padding (RFC 7515 section 2), written in the only way it can be written. */
function bytesOf(part: string): Uint8Array | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

/** The header of a legacy token is exactly `{"alg":"none","typ":"JWT"}`: the reference provider admits nothing more. */
function unsignedFault({ alg, typ, ...rest }: Claims, signature: string): Fault | undefined {
  if (alg !== 'none' || typ !== 'JWT' || Object.keys(rest).length > 0)
    return 'The header of an unsigned JWT must have alg none, typ JWT and nothing else';
  return signature === '' ? undefined : 'The third part of an unsigned JWT must be empty';
}

/** The header of a token from Assent: RFC 9068's `at+jwt`, or the `JWT` on which older receivers insist; always a `kid`. */
function signedFault({ alg, typ, kid, crit }: Claims, signature: string): Fault | undefined {
  if (!algorithms.some((name) => name === alg))
    return `JWT header alg must be one of ${algorithms.join(', ')}`;
  if (typ !== 'at+jwt' && typ !== 'JWT') return 'JWT header typ must be at+jwt or JWT';
  if (filledText(kid) === undefined) return 'JWT header kid is missing';
  // RFC 7515 section 4.1.11: whatever is critical must be understood, and Assent's tokens have no extension.
  if (crit !== undefined) return 'JWT header crit names an extension that is not understood here';
  return bytesOf(signature) ? undefined : notBase64url;
}

/**
 * Takes a token apart: three parts, base64url without padding, the header in order (spine-jwt reference sections 2 and
 * 9.4). The payload is left for when the signature is known to be right.
 *
 * @param legacy whether unsigned tokens are read. They lack nothing but the signature: the dot before it must be there,
 *   which the reference provider does not notice.
 */
export function readEnvelope(
  token: string,
  { texts }: Dialect,
  legacy: 'refuse' | 'read',
): Envelope | { fault: Fault } {
  const parts = token.split('.');
  const [first = '', second = '', signature = ''] = parts;
  if (parts.length !== 3 || first === '' || second === '') return { fault: texts.notThreeParts };
  const [head, payload] = [bytesOf(first), bytesOf(second)];
  if (head === undefined || payload === undefined) return { fault: notBase64url };
  const header = readObject(head);
  if (header === undefined) return { fault: 'JWT header is not a JSON object' };
  const trust = header.alg === 'none' ? 'unsigned' : 'signed';
  if (trust === 'unsigned' && legacy === 'refuse') return { fault: 'An unsigned JWT is not accepted' };
  if (trust === 'signed' && signature === '') return { fault: texts.notThreeParts };
  const fault = trust === 'unsigned' ? unsignedFault(header, signature) : signedFault(header, signature);
  return fault === undefined ? { trust, payload } : { fault };
}
