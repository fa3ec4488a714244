import { type ErrorCode, errorCodes } from './error-codes.ts';

/**
 * The one base of all errors that Assent itself raises.
 *
 * `code` is stable and machine-readable: `error-codes.ts` says what each means. `message` may be shown to the person or
 * program that caused the fault; `detail` is for the log only. `statusCode` is the HTTP status of the code: oidc-provider
 * reads a property of this name, so a 503 raised below it stays a 503.
 */
export class AssentError extends Error {
  readonly code: ErrorCode;
  readonly statusCode: number;
  readonly detail: string | undefined;

  constructor(code: ErrorCode, message: string, options: { detail?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.statusCode = errorCodes[code].status;
    this.detail = options.detail;
  }
}

/** The database cannot answer now: lost, busy, full or too slow. The caller may try again. */
export class DatabaseUnavailable extends AssentError {
  constructor(cause: unknown) {
    super('database_unavailable', 'The service cannot reach its database at the moment', { cause });
  }
}

/** More work is waiting than the server will queue. The caller may try again. */
export class Overloaded extends AssentError {
  constructor(detail: string) {
    super('overloaded', 'The service is busy at the moment', { detail });
  }
}

/** Something that an operator gave us (configuration, a file, a command) cannot be used: one line a fault. */
export class Refused extends AssentError {
  readonly faults: readonly string[];

  constructor(title: string, faults: readonly string[]) {
    super('refused', [title, ...faults.map((fault) => `  - ${fault}`)].join('\n'));
    this.faults = faults;
  }
}

/** Whether an error is one of ours with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is AssentError {
  return error instanceof AssentError && error.code === code;
}

/** Whether trying the same again soon may help: a part of the service is away, or busy. */
export function isUnavailable(error: unknown): error is AssentError {
  return error instanceof AssentError && error.statusCode === 503;
}
