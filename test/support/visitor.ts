import { createHash, randomBytes } from 'node:crypto';
import type { TestServer } from './server.ts';
import { prove } from './step-up.ts';

/** An answer as a browser without script sees it. */
export interface Page {
  readonly status: number;
  /** Address that was asked. */
  readonly url: string;
  /** Where a redirect leads, as an absolute address. */
  readonly location: string | undefined;
  readonly headers: Headers;
  readonly html: string;
}

/** A browser without script: keeps cookies, one step at a time. */
export interface Visitor {
  /** Of the server that it visits. */
  readonly issuer: string;
  get(url: string, headers?: Record<string, string>): Promise<Page>;
  /** Sends a form as its own page would. */
  post(
    url: string,
    fields: readonly (readonly [string, string])[],
    headers?: Record<string, string>,
  ): Promise<Page>;
  /** Follows redirects while they stay at the server. */
  follow(page: Page): Promise<Page>;
  /** Names and values of the cookies that would be sent to a path. */
  cookies(path: string): readonly string[];
  /** A second browser with the same cookies. */
  copy(): Visitor;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

const within = (path: string, cookiePath: string) =>
  path === cookiePath || path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);

/** Starts a browser without cookies. */
export function createVisitor(issuer: string, jar: readonly Cookie[] = []): Visitor {
  let kept = [...jar];

  function keep(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(/;\s*/);
      const name = pair.slice(0, pair.indexOf('='));
      const value = pair.slice(name.length + 1);
      const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? '/';
      const over = attributes.some((one) => /^expires=Thu, 01 Jan 1970/i.test(one));
      kept = kept.filter((one) => one.name !== name || one.path !== path);
      if (!over) kept.push({ name, value, path });
    }
  }

  const cookies = (path: string) =>
    kept.filter((one) => within(path, one.path)).map(({ name, value }) => `${name}=${value}`);

  async function request(url: string, init: RequestInit): Promise<Page> {
    const { pathname } = new URL(url, issuer);
    const headers = { Accept: 'text/html', Cookie: cookies(pathname).join('; '), ...init.headers };
    const response = await fetch(new URL(url, issuer), { ...init, headers, redirect: 'manual' });
    keep(response);
    const location = response.headers.get('location') ?? undefined;
    return {
      status: response.status,
      url,
      location: location === undefined ? undefined : new URL(location, issuer).href,
      headers: response.headers,
      html: await response.text(),
    };
  }

  const visitor: Visitor = {
    issuer,
    get: (url, headers = {}) => request(url, { headers }),
    post: (url, fields, headers = {}) =>
      request(url, {
        method: 'POST',
        body: new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])),
        headers: { 'Sec-Fetch-Site': 'same-origin', Origin: issuer, ...headers },
      }),
    async follow(page) {
      let here = page;
      while (here.location?.startsWith(`${issuer}/`) && !here.location.includes('/demo/callback'))
        here = await visitor.get(here.location);
      return here;
    },
    cookies,
    copy: () => createVisitor(issuer, kept),
  };
  return visitor;
}

/** One form of a page. */
export interface PageForm {
  readonly action: string;
  /** Hidden fields, and ticked checkboxes, in their order. */
  readonly fields: readonly (readonly [string, string])[];
}

const asText = (text: string) =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');

const attribute = (tag: string, name: string) => {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  return value === undefined ? undefined : asText(value);
};

/** Reads the forms of a page. */
export function formsOf(page: Page): PageForm[] {
  return [...page.html.matchAll(/<form[^>]*>[\s\S]*?<\/form>/g)].map(([form]) => {
    const [open = ''] = form.split('>');
    const inputs = [...form.matchAll(/<input[^>]*>/g)].map(([tag]) => tag);
    const sent = inputs.filter(
      (tag) =>
        attribute(tag, 'type') === 'hidden' ||
        (attribute(tag, 'type') === 'checkbox' && /\schecked/.test(tag)),
    );
    return {
      action: attribute(`${open}>`, 'action') ?? page.url,
      fields: sent.map((tag) => [attribute(tag, 'name') ?? '', attribute(tag, 'value') ?? ''] as const),
    };
  });
}

/** The form of a page that is sent to an address ending like this. @throws when the page has none */
export function formTo(page: Page, ending: string): PageForm {
  const form = formsOf(page).find((one) => one.action.endsWith(ending));
  if (form === undefined)
    throw new Error(`no form to ${ending} at ${page.url} (${page.status}):\n${page.html}`);
  return form;
}

/** The password of everybody in the demo world. */
export const demoPassword = 'kereru sings at dawn';

/** Signs in on the sign-in page, with all that is asked for, and goes on to where that leads. */
export async function signIn(
  visitor: Visitor,
  page: Page,
  { identifier = 'aroha@example.test', password = demoPassword } = {},
): Promise<Page> {
  const form = formTo(page, '/sign-in');
  const typed = [['identifier', identifier] as const, ['password', password] as const];
  return prove(visitor, await visitor.follow(await visitor.post(form.action, [...form.fields, ...typed])));
}

/** Presses Allow, leaving out the lines named, and goes on to where that leads. */
export async function allow(visitor: Visitor, page: Page, without: readonly string[] = []): Promise<Page> {
  const form = formTo(page, '/consent');
  const fields = form.fields.filter(([name, value]) => name !== 'line' || !without.includes(value));
  return visitor.follow(await visitor.post(form.action, [...fields, ['decision', 'allow']]));
}

/** An authorisation request, with what its exchange needs. */
export interface AuthorisationRequest {
  readonly url: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly verifier: string;
}

/** What Kete Health asks for in most tests. */
export const usualScope =
  'openid fhirUser launch/patient offline_access patient/Patient.rs patient/Immunization.rs patient/Appointment.rs';

/** Makes an authorisation request of `kete-web`; `undefined` takes a parameter out. */
export function authorisationRequest(
  issuer: string,
  change: Readonly<Record<string, string | undefined>> = {},
): AuthorisationRequest {
  const verifier = randomBytes(32).toString('base64url');
  const parameters = Object.fromEntries(
    Object.entries({
      client_id: 'kete-web',
      response_type: 'code',
      redirect_uri: 'http://127.0.0.1:8090/cb',
      scope: usualScope,
      aud: `${issuer}/demo/fhir/r4`,
      state: randomBytes(16).toString('base64url'),
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...change,
    }).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  return { url: `${issuer}/auth?${new URLSearchParams(parameters)}`, parameters, verifier };
}

/** A code, and what belongs to it. */
export interface Authorised {
  readonly code: string;
  readonly verifier: string;
  readonly redirectUri: string;
  readonly visitor: Visitor;
  /** Parameters of the authorisation response. */
  readonly response: URLSearchParams;
}

/** Signs a person in where that is asked, allows everything where that is asked, and gives the code. */
export async function authorise(
  server: Pick<TestServer, 'issuer'>,
  options: {
    change?: Readonly<Record<string, string | undefined>>;
    visitor?: Visitor;
    identifier?: string;
    without?: readonly string[];
  } = {},
): Promise<Authorised> {
  const { change = {}, visitor = createVisitor(server.issuer), identifier, without } = options;
  const request = authorisationRequest(server.issuer, change);
  let page = await visitor.follow(await visitor.get(request.url));
  if (page.html.includes('/sign-in"'))
    page = await signIn(visitor, page, identifier === undefined ? {} : { identifier });
  page = await prove(visitor, page);
  if (page.html.includes('/consent"')) page = await allow(visitor, page, without);
  const response = new URL(page.location ?? 'about:blank').searchParams;
  const code = response.get('code');
  if (code === null)
    throw new Error(`no code at ${page.url} (${page.status}) ${page.location}:\n${page.html}`);
  const { verifier } = request;
  return { code, verifier, redirectUri: request.parameters.redirect_uri ?? '', visitor, response };
}

/** The form with which a code is exchanged. */
export function exchangeForm({ code, verifier, redirectUri }: Authorised): Record<string, string> {
  return { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri };
}

/** Credentials of the demo client that most tests use. */
export const keteWeb = ['kete-web', 'demo-secret-kete-web'] as const;

/** What the token endpoint answers. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly scope: string;
  readonly expires_in: number;
  readonly token_type: string;
  readonly patient?: string;
  readonly need_patient_banner?: boolean;
}

/** Exchanges a code of `kete-web`. @throws unless that succeeds */
export async function exchange(server: TestServer, authorised: Authorised): Promise<TokenAnswer> {
  const response = await server.token(exchangeForm(authorised), keteWeb);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as TokenAnswer;
}

/** Asks as `demo-fhir-server` what a token holds. */
export async function introspect(
  { issuer }: Pick<TestServer, 'issuer'>,
  token: string,
): Promise<Record<string, unknown> & { active: boolean }> {
  const credentials = Buffer.from('demo-fhir-server:demo-secret-demo-fhir-server').toString('base64');
  const response = await fetch(`${issuer}/token/introspection`, {
    method: 'POST',
    body: new URLSearchParams({ token }),
    headers: { Authorization: `Basic ${credentials}` },
  });
  if (response.status !== 200) throw new Error(`introspection answered ${response.status}`);
  return (await response.json()) as Record<string, unknown> & { active: boolean };
}
