import { type Logger, pino } from 'pino';

/**
 * The technical log: JSON lines on standard output. Request bodies and headers are never logged; the paths
 * below are a second net for members that could carry a secret.
 */
export function createLog(level: string): Logger {
  const secret = [
    'client_secret',
    'client_assertion',
    'access_token',
    'refresh_token',
    'password',
    'authorization',
    'cookie',
  ];
  return pino({
    level,
    redact: { paths: secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
    serializers: {
      // No stack in the message to the outside, and no query or parameters of a failed statement in the log.
      err: (error: Error & { code?: unknown; detail?: unknown }) => ({
        type: error.name,
        code: error.code,
        message: error.message,
        cause: error.cause instanceof Error ? `${error.cause.name}: ${error.cause.message}` : undefined,
        stack: error.stack
          ?.split('\n')
          .slice(1, 8)
          .map((line) => line.trim()),
      }),
    },
  });
}
