import type { Browser, BrowserContext, BrowserContextOptions, Page, Response } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type AppServer, startAppServer } from './app-server.ts';
import { launchBrowser, type Watched, watch } from './browser.ts';
import { codeOf, forgetCodes } from './code.ts';
import { register } from './fixtures.ts';
import { startServer, type TestServer } from './server.ts';
import { authorisationRequest, demoPassword } from './visitor.ts';

/** A running Assent with the demo world, the web server of an application, and a browser. */
export interface Flow {
  readonly server: TestServer;
  readonly app: AppServer;
  /** Opens a browser of its own, without cookies, as another person would have it. It is closed after the test. */
  person(options?: BrowserContextOptions): Promise<Page>;
  /** Makes one more origin an application's own, for the test that runs. */
  allowOrigin(origin: string): void;
  /** Says what the browser is going to complain about in the test that runs. */
  expectComplaint(pattern: RegExp): void;
}

/** One page, and what the browser said about it. */
interface WatchedPage {
  readonly watched: Watched;
  /** Status of each answer that was a page and an error. */
  readonly errorPages: number[];
}

function watchPage(page: Page, origin: string): WatchedPage {
  const errorPages: number[] = [];
  page.on('response', (response: Response) => {
    if (response.request().isNavigationRequest() && response.status() >= 400)
      errorPages.push(response.status());
  });
  return { watched: watch(page, origin), errorPages };
}

/** Complaints of the browser, but for one about each error page: it notes the status of those. */
function realComplaints({ watched, errorPages }: WatchedPage): string[] {
  const notes = errorPages.map(
    (status) => `Failed to load resource: the server responded with a status of ${status} `,
  );
  return watched.complaints.filter((text) => !notes.some((note) => text.startsWith(note)));
}

/**
 * Registers hooks for a test file: one Assent, one application, one browser. After each test no page may have asked
 * another origin than these two, nor have complained about anything, the content security policy included.
 *
 * @param outgoing what else the server may call, as host and port
 */
export function startFlow(outgoing: readonly string[] = []): Flow {
  let server: TestServer;
  let app: AppServer;
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  const pages: WatchedPage[] = [];
  const origins = new Set<string>();
  const expected: RegExp[] = [];

  beforeAll(async () => {
    app = await startAppServer();
    // It may be an identity source, too, which the server calls.
    const env = { OUTGOING_ALLOW: [new URL(app.origin).host, ...outgoing].join() };
    [server, browser] = await Promise.all([startServer(env), launchBrowser()]);
  });

  afterAll(async () => {
    await browser?.close();
    await app?.close();
    await server?.close();
  });

  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    const seen = pages.splice(0);
    const own = new Set([app.origin, ...origins]);
    const patterns = expected.splice(0);
    origins.clear();
    expect({
      foreign: seen.flatMap(({ watched }) => watched.foreign.filter((url) => !own.has(new URL(url).origin))),
      complaints: seen
        .flatMap(realComplaints)
        .filter((text) => !patterns.some((pattern) => pattern.test(text))),
    }).toEqual({ foreign: [], complaints: [] });
  });

  return {
    get server() {
      return server;
    },
    get app() {
      return app;
    },
    async person(options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
      context.setDefaultTimeout(15_000);
      contexts.push(context);
      context.on('page', (page) => pages.push(watchPage(page, server.issuer)));
      return context.newPage();
    },
    allowOrigin: (origin) => void origins.add(origin),
    expectComplaint: (pattern) => void expected.push(pattern),
  };
}

/** The text of the main heading. */
export const headingOf = async (page: Page) =>
  ((await page.getByRole('heading', { level: 1 }).textContent()) ?? '').replace(/\s+/g, ' ').trim();

/** Waits until a page with this main heading is there. */
export const expectHeading = (page: Page, text: string): Promise<void> =>
  expect.poll(() => headingOf(page), { timeout: 10_000 }).toBe(text);

/** Presses the button with exactly these words, and waits for the page that follows. */
export async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}

/** Fills in the sign-in page and sends it. */
export async function signInAs(
  page: Page,
  identifier = 'aroha@example.test',
  password = demoPassword,
): Promise<void> {
  await page.getByLabel('Email address or user name').fill(identifier);
  await page.getByLabel('Password').fill(password);
  await press(page, 'Sign in');
}

/** Types the code that the app of a demo account shows, on the page that asks for it. */
export async function typeCode(page: Page, issuer: string): Promise<void> {
  await forgetCodes(issuer);
  await page.getByLabel('Code', { exact: true }).fill(codeOf());
  await press(page, 'Continue');
}

/** Signs in, allows what is ticked, and waits until the application is reached. @param at address without query */
export async function allowAll(page: Page, at: string): Promise<URL> {
  await signInAs(page);
  await press(page, 'Allow');
  return arrival(page, at);
}

/** Allows what Kete Health asks for, where the person has not decided before. @param without labels to untick first */
export async function allowKete(page: Page, without: readonly string[] = []): Promise<void> {
  const allow = page.getByRole('button', { name: 'Allow', exact: true });
  await allow.or(page.getByRole('button', { name: 'Renew access' })).waitFor();
  if (!(await allow.isVisible())) return;
  for (const label of without) await page.getByLabel(label).uncheck();
  await allow.click();
}

/** Waits until the browser shows an address of the application. @returns that address with its query */
export async function arrival(page: Page, at: string): Promise<URL> {
  await page.waitForURL((url) => `${url.origin}${url.pathname}` === at);
  return new URL(page.url());
}

/** Scopes that a test asks for: who it is, the record's owner, vaccinations, and access that stays. */
export const flowScope =
  'openid fhirUser launch/patient offline_access patient/Patient.rs patient/Immunization.rs';

/** An application that is registered for the demo FHIR server, and that nobody has decided about yet. */
export interface FlowClient {
  readonly clientId: string;
  readonly redirectUri: string;
  /** Address of an authorisation request; every call makes another one. */
  request(change?: Readonly<Record<string, string>>): string;
}

let registered = 0;

/**
 * Registers an application, public unless it says otherwise.
 *
 * @param redirectUris the last one is used
 * @param more members of the registration to add or to replace
 */
export async function registerApp(
  { server, app }: Pick<Flow, 'server' | 'app'>,
  redirectUris: readonly string[] = [`${app.origin}/cb`],
  more: Readonly<Record<string, unknown>> = {},
): Promise<FlowClient> {
  registered += 1;
  const clientId = `flow-${registered}`;
  const redirectUri = redirectUris.at(-1) ?? '';
  await register(server, {
    client_id: clientId,
    client_name: 'Test Application',
    client_uri: `${app.origin}/bye`,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: redirectUris,
    post_logout_redirect_uris: [`${app.origin}/bye`],
    apis: { 'demo-fhir': 'openid profile fhirUser launch/patient offline_access patient/*.rs' },
    ...more,
  });
  const usual = { client_id: clientId, redirect_uri: redirectUri, scope: flowScope };
  return {
    clientId,
    redirectUri,
    request: (change) => authorisationRequest(server.issuer, { ...usual, ...change }).url,
  };
}
