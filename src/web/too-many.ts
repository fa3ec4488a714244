/** An answer to a program, for whatever sends answers. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Tells a program that it asked too often (RFC 6585 section 4), in the form of OAuth errors (RFC 6749 section 5.2).
 *
 * @param retryAfter seconds
 */
export function tooManyRequests(retryAfter: number): PlainAnswer {
  return {
    status: 429,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'Retry-After': String(retryAfter),
    },
    body: JSON.stringify({
      error: 'too_many_requests',
      error_description: `more requests came than the limit allows: try again in ${retryAfter} s`,
    }),
  };
}
