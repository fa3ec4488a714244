import { type DestinationStream, type Logger, pino } from 'pino';

/** Members whose value is never written, in any letter case and at any depth. */
const secret = new Set([
  ...['access_token', 'assertion', 'authorization', 'client_assertion', 'client_secret', 'code'],
  ...['code_verifier', 'cookie', 'csrf', 'id_token', 'id_token_hint', 'password', 'refresh_token'],
  ...['secret', 'set-cookie', 'token'],
]);

/** Longest text in a line, in characters: what a caller sent must not fill the disk. */
const LONGEST = 500;

/** Members of an object or list, and objects within each other, at most. */
const MOST_MEMBERS = 50;
const DEEPEST = 5;

/** JSON escapes most control characters; a terminal also obeys those beyond ASCII. */
const cut = (text: string): string =>
  (text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text).replace(
    /\p{Cc}/gu,
    '\ufffd',
  );

/** Makes a value fit to be written: short, shallow and without secrets. */
function sift(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return cut(value);
  if (typeof value !== 'object' || value === null || value instanceof Error || value instanceof Date)
    return value;
  if (depth === DEEPEST) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, MOST_MEMBERS).map((item) => sift(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MOST_MEMBERS)
      .map(([name, member]) => [
        cut(name),
        secret.has(name.toLowerCase()) ? '[redacted]' : sift(member, depth + 1),
      ]),
  );
}

/** An error without the query or the parameters of a failed statement. */
function describe(error: unknown): unknown {
  // Anything else went through `sift` already.
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  return {
    type: cut(name),
    code: 'code' in error ? sift(error.code) : undefined,
    message: cut(message),
    cause: cause instanceof Error ? cut(`${cause.name}: ${cause.message}`) : undefined,
    // A message may have several lines; only those of the stack are meant.
    stack: stack
      ?.split('\n')
      .map((line) => line.trim())
      .filter((line) => line.startsWith('at '))
      .slice(0, 7)
      .map(cut),
  };
}

/**
 * The technical log: JSON lines, each with the identifier of the request it belongs to. Request bodies and headers are
 * never logged; the members above are a second net.
 *
 * @param destination standard output without one
 */
export function createLog(
  level: string,
  options: { correlation?: { current(): string | undefined }; destination?: DestinationStream } = {},
): Logger {
  const { correlation, destination } = options;
  return pino(
    {
      level,
      mixin() {
        const id = correlation?.current();
        return id === undefined ? {} : { correlation_id: id };
      },
      formatters: { log: (object) => sift(object) as Record<string, unknown> },
      serializers: { err: describe },
    },
    destination ?? pino.destination(1),
  );
}
