/** How far ahead an assertion may expire, in seconds (SMART backend services: five minutes at most). */
export const LONGEST_ASSERTION = 300;

/** How far a client's clock may be ahead of ours, in seconds. */
export const CLOCK_TOLERANCE = 10;

const LONGEST_JTI = 255;

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/**
 * What is wrong with the times and the identifier of an assertion by a client.
 *
 * @param now seconds since 1970
 */
export function timesFault(claims: Readonly<Record<string, unknown>>, now: number): string | undefined {
  const { exp, iat, nbf, jti } = claims;
  if (!isTime(exp)) return 'exp must be whole seconds';
  if (exp <= now - CLOCK_TOLERANCE) return 'exp has passed';
  if (exp > now + LONGEST_ASSERTION) return `exp must be at most ${LONGEST_ASSERTION} s ahead`;
  for (const [name, value] of Object.entries({ iat, nbf })) {
    if (value === undefined) continue;
    if (!isTime(value)) return `${name} must be whole seconds`;
    if (value > now + CLOCK_TOLERANCE) return `${name} must be at most ${CLOCK_TOLERANCE} s ahead`;
  }
  if (typeof jti !== 'string' || jti === '' || jti.length > LONGEST_JTI || /\p{Cc}/u.test(jti)) {
    return `jti must be a text of at most ${LONGEST_JTI} characters without control characters`;
  }
  return undefined;
}
