import { expect } from 'vitest';
import type { TestServer } from '../../support/server.ts';
import { authorisationRequest, createVisitor, type Page } from '../../support/visitor.ts';

type Pairs = readonly (readonly [string, string])[];

/** What is changed in a request: another value, or `undefined` to take the parameter out. */
export type Change = Readonly<Record<string, string | undefined>>;

const setsInteraction = (page: Page) =>
  page.headers.getSetCookie().some((line) => /^\S*assent_(interaction|resume)=[^;]/.test(line));

/** Sends an authorisation request as a browser that nobody signed in with. */
export function ask(
  { issuer }: Pick<TestServer, 'issuer'>,
  change: Change = {},
  more: Pairs = [],
  headers: Record<string, string> = {},
): Promise<Page> {
  const { parameters } = authorisationRequest(issuer, change);
  const sent = new URLSearchParams(parameters);
  for (const [name, value] of more) sent.append(name, value);
  return createVisitor(issuer).get(`${issuer}/auth?${sent}`, headers);
}

/** Nobody else may show the page in a frame, keep it or run anything in it. */
export function expectGuarded({ headers }: Page): void {
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toMatch(/script-src 'none'(;|$)/);
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('cache-control')).toContain('no-store');
}

/** [PAGE 400] of the threat catalogue: a page of our own with the error, no redirect, and nothing begun. */
export function expectPage(page: Page, error: string): void {
  expect({ status: page.status, location: page.location }).toEqual({ status: 400, location: undefined });
  expect(page.headers.get('content-type')).toMatch(/^text\/html\b/);
  expect(page.html).toMatch(new RegExp(`assent-code[^>]*>\\s*${error}\\s*<`));
  expect(page.html).toMatch(/<h1[^>]*>[^<]+<\/h1>/);
  expect(page.html).not.toMatch(/<script|<form|\bat \S+\.[jt]s:/);
  expectGuarded(page);
  expect(setsInteraction(page)).toBe(false);
}

/** [REDIR] of the threat catalogue: a 303 to the redirect URI with the error, the unchanged state and `iss`. */
export function expectRedirect(
  page: Page,
  expected: {
    issuer: string;
    error: string | readonly string[];
    state: string | null;
    redirectUri?: string;
    mode?: 'query' | 'fragment';
  },
): URLSearchParams {
  const { issuer, error, state, redirectUri = 'http://127.0.0.1:8090/cb', mode = 'query' } = expected;
  expect(page.status).toBe(303);
  const location = new URL(page.location ?? 'about:blank');
  const [kept, other] =
    mode === 'query' ? [location.search, location.hash] : [location.hash, location.search];
  expect(`${location.origin}${location.pathname}`).toBe(redirectUri);
  expect(other).toBe('');
  const parameters = new URLSearchParams(kept.slice(1));
  expect([error].flat()).toContain(parameters.get('error'));
  expect({ state: parameters.get('state'), iss: parameters.getAll('iss') }).toEqual({ state, iss: [issuer] });
  for (const name of ['code', 'access_token', 'id_token', 'token_type'])
    expect(parameters.has(name)).toBe(false);
  expect(setsInteraction(page)).toBe(false);
  return parameters;
}

/** The request is good: a person is asked next. */
export function expectAsked(page: Page, issuer: string): void {
  expect(page.status).toBe(303);
  expect(page.location).toMatch(new RegExp(`^${issuer}/interaction/[A-Za-z0-9_-]{43}$`));
  expect(setsInteraction(page)).toBe(true);
}

/** A state that shows whether it comes back unchanged. */
export const state = 'a state & more = things / ünïcode ~ 0123456789';
