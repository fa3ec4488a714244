/**
 * What the audit knows how to say. `token.*` concern requests at the token endpoint and those below it, `person.*` and
 * `consent.*` what people did on our pages, `account.*` what was changed about an account and how it is signed in to,
 * `grant.ended` the end of everything that came from one sign-in; the others are acts of administration. Personal data and
 * secrets have no place in any member.
 */
export type AuditType =
  | 'token.issued'
  | 'token.denied'
  | 'token.revoked'
  | 'person.signed-in'
  | 'person.signed-out'
  | 'person.sign-in-limited'
  | 'consent.given'
  | 'consent.refused'
  | 'consent.withdrawn'
  | 'access.reported'
  | 'grant.ended'
  | 'database.restored'
  | 'account.written'
  | 'account.invited'
  | 'account.joined'
  | 'account.address-verified'
  | 'account.reset-link-made'
  | 'account.password-reset'
  | 'account.suspended'
  | 'account.deceased'
  | 'account.restored'
  | 'account.password-changed'
  | 'account.passkey-added'
  | 'account.passkey-removed'
  | 'account.passkey-refused'
  | 'account.authenticator-added'
  | 'account.authenticator-changed'
  | 'account.authenticator-removed'
  | 'account.recovery-codes-made'
  | 'account.recovery-code-used'
  | 'account.factors-reset'
  | 'account.made-by-source'
  | 'account.told-by-source'
  | 'account.language-chosen'
  | 'account.data-downloaded'
  | 'account.linked'
  | 'account.unlinked'
  | 'practitioner.written'
  | 'client.created'
  | 'client.updated'
  | 'api.created'
  | 'api.updated'
  | 'organization.created'
  | 'organization.updated'
  | 'source.created'
  | 'source.updated'
  | 'source.removed'
  | 'key.created'
  | 'key.planned'
  | 'key.rotated'
  | 'demo.seeded';

export interface AuditEvent {
  readonly type: AuditType;
  readonly clientId?: string | undefined;
  /** Key of the organisation on whose behalf the client acts. */
  readonly organization?: string | undefined;
  readonly apiId?: string | undefined;
  readonly grantType?: string | undefined;
  /** Granted scopes for an issued token, requested ones for a denial. */
  readonly scope?: string | undefined;
  /** The account of whoever signed in; where nobody did, `sub` of the issued token. */
  readonly subject?: string | undefined;
  /** `jti` of a JWT; the SHA-256 (base64url) of an opaque token, whose value is never stored. */
  readonly tokenId?: string | undefined;
  /** OAuth error code of a denial. */
  readonly error?: string | undefined;
  /** Network address of the caller. */
  readonly source?: string | undefined;
  readonly detail?: Readonly<Record<string, unknown>>;
  /** What the request is called by all who had a part in it; that of the request under way where none is given. */
  readonly correlationId?: string | undefined;
}

/** An event as a row: identifier and time are set once, when it happens. */
export interface AuditRow {
  readonly id: string;
  readonly at: string;
  readonly type: AuditType;
  readonly client_id: string | null;
  readonly organization: string | null;
  readonly api_id: string | null;
  readonly grant_type: string | null;
  readonly scope: string | null;
  readonly subject: string | null;
  readonly token_id: string | null;
  readonly error: string | null;
  readonly source: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly correlation_id: string | null;
}

/** Longest text taken over from a request, in characters. */
const LONGEST = 1000;

/** Nearly every text: short, and of printable ASCII alone. */
const harmless = new RegExp(`^[ -~]{0,${LONGEST}}$`);

/**
 * PostgreSQL stores neither U+0000 nor half a surrogate pair (which the cut may leave), and no column of the audit
 * needs other control characters or long texts.
 */
function cleanText(text: string): string {
  if (harmless.test(text)) return text;
  return text
    .slice(0, LONGEST)
    .toWellFormed()
    .replace(/\p{Cc}/gu, '\ufffd');
}

const clean = (text: string | undefined): string | null => (text === undefined ? null : cleanText(text));

/** Cleans every text in a value of JSON, names of members included. */
function cleanValue(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map(cleanValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [cleanText(name), cleanValue(member)]),
  );
}

/** Makes the row of an event. */
export function auditRow(event: AuditEvent, id: string, at: Date): AuditRow {
  return {
    id,
    at: at.toISOString(),
    type: event.type,
    client_id: clean(event.clientId),
    organization: clean(event.organization),
    api_id: clean(event.apiId),
    grant_type: clean(event.grantType),
    scope: clean(event.scope),
    subject: clean(event.subject),
    token_id: clean(event.tokenId),
    error: clean(event.error),
    source: clean(event.source),
    detail: cleanValue(event.detail ?? {}) as Readonly<Record<string, unknown>>,
    correlation_id: clean(event.correlationId),
  };
}
