/**
 * The one base of all errors that Assent itself raises.
 *
 * `code` is stable and machine-readable. `message` may be shown to the person or program that
 * caused the fault; `detail` is for the log only. `statusCode` is the HTTP status: oidc-provider
 * reads a property of this name, so a 503 raised below it stays a 503.
 */
export class AssentError extends Error {
  readonly code: string;
  readonly statusCode: number;
  readonly detail: string | undefined;

  constructor(
    code: string,
    statusCode: number,
    message: string,
    options: { detail?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.statusCode = statusCode;
    this.detail = options.detail;
  }
}

/** The database cannot answer now: lost, busy, full or too slow. The caller may try again. */
export class DatabaseUnavailable extends AssentError {
  constructor(cause: unknown) {
    super('database_unavailable', 503, 'The service cannot reach its database at the moment', { cause });
  }
}

/** More work is waiting than the server will queue. The caller may try again. */
export class Overloaded extends AssentError {
  constructor(detail: string) {
    super('overloaded', 503, 'The service is busy at the moment', { detail });
  }
}

/** Something that an operator gave us (configuration, a file, a command) cannot be used: one line a fault. */
export class Refused extends AssentError {
  readonly faults: readonly string[];

  constructor(title: string, faults: readonly string[]) {
    super('refused', 400, [title, ...faults.map((fault) => `  - ${fault}`)].join('\n'));
    this.faults = faults;
  }
}
