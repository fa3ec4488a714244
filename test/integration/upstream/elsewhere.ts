import { decodeJwt, type JWTPayload } from 'jose';
import { readSources } from '../../../src/upstream/index.ts';
import { register } from '../../support/fixtures.ts';
import { type LyingProvider, startLyingProvider } from '../../support/lying-provider.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  type Authorised,
  allow,
  authorisationRequest,
  createVisitor,
  exchangeForm,
  formTo,
  type Page,
  type Visitor,
} from '../../support/visitor.ts';

/** Imports identity sources as `assent source import` does. */
export async function importSource(
  { services }: Pick<TestServer, 'services'>,
  source: Readonly<Record<string, unknown>>,
) {
  const given = readSources(JSON.stringify(source), {
    issuer: services.config.issuer,
    addressFault: () => undefined,
  });
  const [put] = await services.sources.put(given);
  if (put === undefined) throw new Error('no source was imported');
  return put;
}

/** Starts an Assent that may call other programs on this machine. */
export function startBeside(origin: string, env: Record<string, string> = {}): Promise<TestServer> {
  return startServer({ OUTGOING_ALLOW: new URL(origin).host, ...env });
}

/** A person's browser on the sign-in page of an application's request. */
export interface Waiting {
  readonly visitor: Visitor;
  readonly page: Page;
  readonly request: ReturnType<typeof authorisationRequest>;
}

/** Opens the sign-in page that an application's request leads to. */
export async function signInPage(
  { issuer }: Pick<TestServer, 'issuer'>,
  change: Readonly<Record<string, string | undefined>> = {},
  visitor: Visitor = createVisitor(issuer),
): Promise<Waiting> {
  const request = authorisationRequest(issuer, change);
  return { visitor, page: await visitor.follow(await visitor.get(request.url)), request };
}

/** Presses the button of a source. @returns the page that follows, which leads to the provider */
export function choose({ visitor, page }: Pick<Waiting, 'visitor' | 'page'>, source: string): Promise<Page> {
  const form = formTo(page, '/source');
  return visitor.post(form.action, [...form.fields, ['source', source]]);
}

/** Where a page sends the browser by itself, which is where its link leads, too. */
export function providerOf(page: Page): URL {
  const [, refresh = ''] = /^0; url=(.*)$/.exec(page.headers.get('refresh') ?? '') ?? [];
  const [, link = ''] = /<a class="nhsuk-button[^"]*" href="([^"]*)"/.exec(page.html) ?? [];
  if (refresh === '' || link.replaceAll('&amp;', '&') !== refresh)
    throw new Error(`no way to a provider at ${page.url} (${page.status}):\n${page.html}`);
  return new URL(refresh);
}

/** Presses the button of a source and gives the provider's address. */
export const toProvider = async (waiting: Pick<Waiting, 'visitor' | 'page'>, source: string): Promise<URL> =>
  providerOf(await choose(waiting, source));

/** What an application has at the end, from where its browser was led. */
export function arrived({ visitor, request }: Waiting, page: Page): Authorised {
  const response = new URL(page.location ?? 'about:blank').searchParams;
  const code = response.get('code');
  if (code === null)
    throw new Error(`no code at ${page.url} (${page.status}) ${page.location}:\n${page.html}`);
  return {
    code,
    verifier: request.verifier,
    redirectUri: request.parameters.redirect_uri ?? '',
    visitor,
    response,
  };
}

/** Whose account a subject is linked to. */
export async function linkedTo(server: TestServer, subject: string): Promise<string | undefined> {
  const [row] = await server.sql<{ account_id: string }>(
    'SELECT account_id FROM linked_identities WHERE subject = $1',
    [subject],
  );
  return row?.account_id;
}

/** An application that only wants to know who somebody is. */
export const portal = ['portal', 'a-long-random-text-of-the-portal'] as const;

/** Registers the portal. */
export async function registerPortal(server: TestServer): Promise<void> {
  await register(server, {
    client_id: portal[0],
    client_secret: portal[1],
    client_name: 'The portal',
    grant_types: ['authorization_code'],
    redirect_uris: ['http://127.0.0.1:8090/cb'],
    scope: 'openid profile identity practitioner',
  });
}

/** The portal's request, without an API. */
export const portalRequest = { client_id: portal[0], scope: 'openid profile', aud: undefined };

/** Lets the portal know who it is, and reads the ID token. */
export async function knownToPortal(
  server: TestServer,
  waiting: Waiting,
  consent: Page,
): Promise<JWTPayload> {
  const page = consent.html.includes('/consent"') ? await allow(waiting.visitor, consent) : consent;
  const response = await server.token(exchangeForm(arrived(waiting, page)), portal);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  const { id_token: idToken } = (await response.json()) as { id_token: string };
  return decodeJwt(idToken);
}

/** A provider that says what a test wants, and an Assent at which somebody may sign in by it. */
export interface Elsewhere {
  readonly provider: LyingProvider;
  readonly server: TestServer;
  /** Imports the provider as the source `elsewhere`, anew if it is there, so that it is asked for its metadata anew. */
  offer(settings?: Readonly<Record<string, unknown>>): Promise<void>;
  /** Signs in there, comes back, and goes on as far as the browser is led. */
  through(waiting: Waiting): Promise<Page>;
  close(): Promise<void>;
}

/** Starts both, with an application that asks there. */
export async function startElsewhere(): Promise<Elsewhere> {
  const provider = await startLyingProvider();
  const server = await startBeside(provider.issuer);
  await registerPortal(server);
  return {
    provider,
    server,
    async offer(settings = {}) {
      const { publicJwk } = await importSource(server, {
        id: 'elsewhere',
        name: 'Elsewhere',
        issuer: provider.issuer,
        client_id: 'assent-here',
        id_token_alg: 'ES256',
        new_accounts: true,
        ...settings,
      });
      provider.clientKey = publicJwk;
    },
    async through(waiting) {
      const back = provider.signIn(await toProvider(waiting, 'elsewhere'));
      return waiting.visitor.follow(await waiting.visitor.get(back.href));
    },
    async close() {
      await server.close();
      await provider.close();
    },
  };
}
