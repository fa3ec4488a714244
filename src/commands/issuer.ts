import { type CompactVerifyGetKey, createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { AssentError, Refused } from '../errors.ts';
import { isObject } from '../text.ts';

/** How long a server may take to answer, in milliseconds. */
const patience = 10_000;

/** The answer of a server, whatever its status. */
export interface JsonAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const noAnswer = (message: string, cause?: unknown) => new AssentError('no_answer', message, { cause });

/**
 * Calls a URL whose answer is a JSON object.
 *
 * @throws AssentError when there is no answer within ten seconds, or none that is a JSON object; it names URL and status
 */
export async function callJson(url: string, init: RequestInit = {}): Promise<JsonAnswer> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(patience) });
  } catch (cause) {
    throw noAnswer(`There is no answer from ${url}: is Assent running there?`, cause);
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (!isObject(body)) throw noAnswer(`The answer of ${url} (HTTP ${response.status}) is no JSON object`);
  return { status: response.status, body };
}

async function fetchDocument(url: string): Promise<JsonAnswer['body']> {
  const { status, body } = await callJson(url);
  if (status !== 200) throw noAnswer(`The answer of ${url} is HTTP ${status}`);
  return body;
}

const isUrl = (value: unknown): value is string =>
  typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value);

/**
 * Reads addresses out of an issuer's discovery document (OpenID Connect Discovery section 4).
 *
 * @param names members of the document that must be absolute URLs
 * @throws Refused when the issuer is no URL, AssentError when its document cannot be had or is not its own
 */
export async function discover<Name extends string>(
  issuer: string,
  ...names: readonly Name[]
): Promise<Record<Name, string>> {
  if (!isUrl(issuer)) throw new Refused('The issuer cannot be used:', [`${issuer} is no http or https URL`]);
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const document = await fetchDocument(url);
  if (document.issuer !== issuer)
    throw noAnswer(`The discovery document at ${url} (HTTP 200) is not that of the issuer ${issuer}`);
  const wrong = names.find((name) => !isUrl(document[name]));
  if (wrong !== undefined)
    throw noAnswer(`The discovery document at ${url} (HTTP 200) has no absolute URL as ${wrong}`);
  return Object.fromEntries(names.map((name) => [name, document[name]])) as Record<Name, string>;
}

/** Fetches a key set (RFC 7517 section 5). @throws AssentError when it cannot be had or is none */
export async function fetchKeys(url: string): Promise<CompactVerifyGetKey> {
  const set = await fetchDocument(url);
  try {
    return createLocalJWKSet(set as unknown as JSONWebKeySet);
  } catch (cause) {
    throw noAnswer(`The answer of ${url} (HTTP 200) is no JWK Set`, cause);
  }
}

// Control characters that JSON lets stand, and those that part lines or turn the direction of what follows.
const unseen = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Writes JSON of another's making for a terminal: nothing in it can move, wipe or turn what is printed around it. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(
    unseen,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
