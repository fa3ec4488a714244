import { expect } from 'vitest';
import type { TestServer } from '../../support/server.ts';
import {
  type AuthorisationRequest,
  authorisationRequest,
  createVisitor,
  formTo,
  type Page,
  signIn,
  type Visitor,
} from '../../support/visitor.ts';

type Change = Readonly<Record<string, string | undefined>>;

/** The scripts that pages of questions load: for more time, and for passkeys. */
export const ownScripts =
  /<script src="\/assets\/(more-time|simplewebauthn|passkey)\.[0-9a-f]{12}\.js" defer><\/script>/g;

/** What holds for every answer that a person's browser is given, errors included. */
export function expectGuarded(page: Page, method: 'GET' | 'POST' = 'GET'): Page {
  const { status, headers, html, url } = page;
  expect(status, url).not.toBe(500);
  if (page.location !== undefined) {
    // AZ-04: a form, with its password, is never sent on.
    expect(method === 'POST' ? [303] : [302, 303], `redirect from ${url}`).toContain(status);
    expect(headers.get('cache-control'), url).toBe('no-store');
  }
  if (headers.get('content-type')?.startsWith('text/html') !== true || page.location !== undefined)
    return page;
  const policy = headers.get('content-security-policy');
  expect(policy, `CO-01 ${url}`).toContain("frame-ancestors 'none'");
  // A question that stays open for a while asks in time whether more is needed.
  const script = policy?.includes("script-src 'self'") ? ownScripts : /^$/;
  expect(policy, url).toMatch(/script-src '(none|self)'(;|$)/);
  expect(policy, url).not.toContain('unsafe-inline');
  expect(headers.get('x-frame-options'), `CO-01 ${url}`).toBe('DENY');
  expect(headers.get('cache-control'), url).toBe('no-store');
  expect(headers.get('x-content-type-options'), url).toBe('nosniff');
  expect(
    /<script|=["']?\s*javascript:|<[a-z][^>]*\son[a-z]+=/i.exec(html.replace(script, ''))?.[0],
    url,
  ).toBeUndefined();
  return page;
}

function guard(inner: Visitor): Visitor {
  return {
    issuer: inner.issuer,
    get: async (...request) => expectGuarded(await inner.get(...request)),
    post: async (...request) => expectGuarded(await inner.post(...request), 'POST'),
    follow: async (page) => expectGuarded(await inner.follow(page)),
    cookies: inner.cookies,
    copy: () => guard(inner.copy()),
  };
}

/** A browser that fails the test when a page lacks what every page must have (CO-01, AZ-04, SE-04). */
export const visit = ({ issuer }: Pick<TestServer, 'issuer'>): Visitor => guard(createVisitor(issuer));

/** Where an authorisation request got to. */
export interface Begun {
  readonly visitor: Visitor;
  readonly request: AuthorisationRequest;
  /** The first page that a person sees, or the redirect back to the application. */
  readonly page: Page;
}

/** Sends a browser with an authorisation request, as far as it goes by itself. */
export async function begin(
  server: Pick<TestServer, 'issuer'>,
  { change = {}, visitor = visit(server) }: { change?: Change; visitor?: Visitor } = {},
): Promise<Begun> {
  const request = authorisationRequest(server.issuer, change);
  return { visitor, request, page: await visitor.follow(await visitor.get(request.url)) };
}

/** As `begin`, and signs in: up to the consent page, where there is one. */
export async function beginSignedIn(
  server: Pick<TestServer, 'issuer'>,
  options: { change?: Change; visitor?: Visitor; identifier?: string } = {},
): Promise<Begun> {
  const begun = await begin(server, options);
  const { identifier } = options;
  const page = await signIn(begun.visitor, begun.page, identifier === undefined ? {} : { identifier });
  return { ...begun, page };
}

/** Parameters of the answer that the application was sent. @throws when the browser did not go back to it */
export function responseOf(page: Page): URLSearchParams {
  if (page.location === undefined)
    throw new Error(`no way back at ${page.url} (${page.status}): ${/<title>[^<]*/.exec(page.html)}`);
  return new URL(page.location).searchParams;
}

/** Presses a button of the consent page, with the fields given in place of the page's own. */
export function press(
  visitor: Visitor,
  page: Page,
  decision: string,
  fields: readonly (readonly [string, string])[] = formTo(page, '/consent').fields,
): Promise<Page> {
  return visitor.post(formTo(page, '/consent').action, [...fields, ['decision', decision]]);
}

/** Leaves the sign-in page by the way back to the application. */
export function cancel(visitor: Visitor, page: Page): Promise<Page> {
  const { action, fields } = formTo(page, '/cancel');
  return visitor.post(action, fields);
}

/** What the pages have left behind; a refused request leaves the same as before. */
export async function leftBehind(server: Pick<TestServer, 'sql'>): Promise<Record<string, number>> {
  const [row] = await server.sql<Record<string, number>>(
    `SELECT (SELECT count(*)::int FROM consents) AS consents, (SELECT count(*)::int FROM consent_answers) AS answers,
            (SELECT count(*)::int FROM grants) AS grants, (SELECT count(*)::int FROM audit_events) AS audited,
            (SELECT count(*)::int FROM oidc_artefacts WHERE model NOT IN ('Interaction', 'Session')) AS artefacts`,
  );
  if (row === undefined) throw new Error('the tables cannot be counted');
  return row;
}

/** Values of the lines of a consent page, apart into those ticked (or always sent) and those not. */
export function linesOf(page: Page): { ticked: string[]; unticked: string[] } {
  const ticked = formTo(page, '/consent').fields.flatMap(([name, value]) => (name === 'line' ? [value] : []));
  const all = [...page.html.matchAll(/<input[^>]*name="line"[^>]*>/g)].map(
    ([tag]) => /\svalue="([^"]*)"/.exec(tag)?.[1] ?? '',
  );
  return { ticked, unticked: all.filter((value) => !ticked.includes(value)) };
}
