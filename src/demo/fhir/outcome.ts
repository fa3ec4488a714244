/** The codes of FHIR R4's value set issue-type that this server answers with. */
export type IssueType =
  | 'login'
  | 'forbidden'
  | 'not-found'
  | 'not-supported'
  | 'invalid'
  | 'too-long'
  | 'too-costly'
  | 'transient'
  | 'exception';

/** A request that the FHIR server does not serve; it becomes an OperationOutcome. */
export class FhirRefusal extends Error {
  readonly statusCode: number;
  readonly issue: IssueType;
  /** Headers to send with it, for example a challenge. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    statusCode: number,
    issue: IssueType,
    diagnostics: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(diagnostics);
    this.name = new.target.name;
    this.statusCode = statusCode;
    this.issue = issue;
    this.headers = headers;
  }
}

/**
 * An OperationOutcome (FHIR R4, 2.1.28) with one issue.
 *
 * @param diagnostics for developers: English, no data of a person
 */
export function operationOutcome(issue: IssueType, diagnostics: string): object {
  return { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: issue, diagnostics }] };
}
