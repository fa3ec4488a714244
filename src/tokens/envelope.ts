/** Seconds from `iat` to `exp` (GP Connect provenance page, Spine Core JWT page). Receivers check it to the second. */
export const lifetime = 300;

/** What every Spine-style token says about itself, whatever its profile. */
export type Envelope = {
  /** The issuer identifier, an absolute URL. */
  issuer: string;
  /** The API's endpoint, an absolute URL without query. */
  audience: string;
  /** Whole seconds since 1970 UTC. One reading of the clock serves `iat` and `exp`. */
  issuedAt: number;
  jti: string;
  clientId: string;
};

// Seconds of 2017 and of 2100: a reading in milliseconds, or none, falls outside. The schemas have the same bounds.
const earliest = 1_500_000_000;
const latest = 4_102_444_800;

// scheme://authority/path of RFC 3986, without user information, query and fragment.
const endpoint =
  /^https?:\/\/(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:\/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?$/;
/** Tells whether a text can be `iss` or `aud` of a Spine-style token: an http(s) address without user, query and fragment. */
export function isEndpoint(text: string): boolean {
  return endpoint.test(text);
}

const tokenId = /^[!-~]{1,255}$/;
// Printable ASCII (RFC 6749 appendix A.1), here with no space at either end.
const clientName = /^(?! )[ -~]{0,254}[!-~]$/;

/** Names the first member of an envelope that would make a token with a hole in it. */
export function envelopeFault({
  issuer,
  audience,
  issuedAt,
  jti,
  clientId,
}: Envelope): keyof Envelope | undefined {
  if (!isEndpoint(issuer)) return 'issuer';
  if (!isEndpoint(audience)) return 'audience';
  if (!Number.isInteger(issuedAt) || issuedAt < earliest || issuedAt > latest) return 'issuedAt';
  if (!tokenId.test(jti)) return 'jti';
  return clientName.test(clientId) ? undefined : 'clientId';
}
