import type { JWK, JWTPayload } from 'jose';
import { assertion, assertionForm, demoKey } from './assertion.ts';
import { type Credentials, tokenRequest } from './exchange.ts';
import { type Answer, form, send } from './fixtures.ts';
import type { TestServer } from './server.ts';
import { prove } from './step-up.ts';
import {
  type Authorised,
  allow,
  authorisationRequest,
  createVisitor,
  exchangeForm,
  formTo,
  type Page,
  signIn,
  type TokenAnswer,
  type Visitor,
} from './visitor.ts';

/** Fernhill's application for the ward, which signs practitioners in here. */
export const wardApp: Credentials = ['ward-app', 'demo-secret-ward-app'];

/** Dr Priya Shah's roles: at Fernhill, twice, and at Millbrook. */
export const clinicalRole = '100000000203';
export const healthRole = '100000000204';
export const millbrookRole = '100000000202';

/** The audience of GP Connect, and that of reasonable adjustments. */
export const gpConnect = 'https://gp.millbrook.example.test/ZZ901/STU3/1/gpconnect/structured';
export const adjustments = 'https://spine.example.test/raflags/STU3';

type Server = Pick<TestServer, 'issuer' | 'dataDir'>;

/** Dr Priya Shah as Fernhill's own system knows her; `change` replaces members of the resource. */
export function drShah(change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    resourceType: 'Practitioner',
    id: 'pr-priya',
    identifier: [
      { system: 'https://fhir.nhs.uk/Id/sds-user-id', value: '100000000101' },
      { system: 'https://fhir.nhs.uk/Id/sds-role-profile-id', value: clinicalRole },
      { system: 'https://fernhill.example.test/Id/user', value: 'pr-priya' },
    ],
    name: [{ family: 'Shah', given: ['Priya'], prefix: ['Dr'] }],
    ...change,
  };
}

/** A user context assertion of `gp-clinic` about Dr Shah; `claims` replaces or (with undefined) removes what is usual. */
export function userContext(
  server: Server,
  claims: Partial<Record<keyof JWTPayload, unknown>> = {},
  { key = demoKey(server, 'gp-clinic'), clientId = 'gp-clinic', header = {} }: AssertionOptions = {},
): Promise<string> {
  const usual = { sub: 'pr-priya', requesting_practitioner: drShah() };
  return assertion(key, clientId, server.issuer, { ...usual, ...claims }, header);
}

interface AssertionOptions {
  readonly key?: JWK;
  readonly clientId?: string;
  readonly header?: Record<string, unknown>;
}

/** Sends a user context assertion as `gp-clinic`, with a client assertion of its own. */
export async function assertUser(
  server: Server & { readonly port?: number },
  userAssertion: string,
  change: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const client = await assertion(demoKey(server, 'gp-clinic'), 'gp-clinic', server.issuer);
  const parameters = {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: userAssertion,
    scope: 'patient/*.read conf/N',
    ...assertionForm(client),
    ...change,
  };
  return send(server, form(parameters, headers));
}

/** Chooses a role on the page that asks for it, by its SDS role profile, and goes on to where that leads. */
export async function chooseRole(visitor: Visitor, page: Page, roleProfile: string): Promise<Page> {
  const [role] = [...page.html.matchAll(/<input[^>]*type="radio"[^>]*>/g)]
    .map(([tag]) => ({ id: /id="([^"]*)"/.exec(tag)?.[1], value: /value="([^"]*)"/.exec(tag)?.[1] }))
    .filter(({ id }) => new RegExp(`id="${id}-item-hint"[^<]*${roleProfile}`).test(page.html));
  if (role?.value === undefined) throw new Error(`no role ${roleProfile} at ${page.url}:\n${page.html}`);
  const asked = formTo(page, '/role');
  return visitor.follow(await visitor.post(asked.action, [...asked.fields, ['role', role.value]]));
}

/** What `ward-app` asks for in most tests. */
export const wardChange = {
  client_id: 'ward-app',
  scope: 'openid offline_access user/Flag.read user/Flag.write',
  aud: undefined,
  resource: adjustments,
};

/** What `gp-clinic` asks for in most tests. */
export const clinicChange = {
  client_id: 'gp-clinic',
  scope: 'openid offline_access patient/*.read conf/N',
  aud: undefined,
  resource: gpConnect,
};

/** Signs a practitioner in, chooses the role where that is asked and allows everything; gives the last page. */
export async function practise(
  server: Pick<TestServer, 'issuer'>,
  options: {
    change?: Readonly<Record<string, string | undefined>>;
    visitor?: Visitor;
    identifier?: string;
    role?: string;
    without?: readonly string[];
  } = {},
): Promise<{ page: Page; authorised: Authorised | undefined; visitor: Visitor }> {
  const { change = wardChange, identifier = 'priya@example.test', role = clinicalRole } = options;
  const { visitor = createVisitor(server.issuer) } = options;
  const request = authorisationRequest(server.issuer, change);
  let page = await visitor.follow(await visitor.get(request.url));
  if (page.html.includes('/sign-in"')) page = await signIn(visitor, page, { identifier });
  page = await prove(visitor, page);
  if (page.html.includes('/role"')) page = await chooseRole(visitor, page, role);
  if (page.html.includes('/consent"')) page = await allow(visitor, page, options.without);
  const response = new URL(page.location ?? 'about:blank').searchParams;
  const code = response.get('code');
  const { verifier } = request;
  const redirectUri = request.parameters.redirect_uri ?? '';
  return {
    page,
    visitor,
    authorised: code === null ? undefined : { code, verifier, redirectUri, visitor, response },
  };
}

const parsed = ({ status, body }: Answer): TokenAnswer => {
  if (status !== 200) throw new Error(`${status} ${body}`);
  return JSON.parse(body) as TokenAnswer;
};

/** Signs Dr Shah in for `ward-app` and exchanges the code. @throws unless that succeeds */
export async function wardTokens(
  server: TestServer,
  options: Parameters<typeof practise>[1] = {},
): Promise<TokenAnswer> {
  const { authorised, page } = await practise(server, options);
  if (authorised === undefined) throw new Error(`no code: ${page.location}\n${page.html}`);
  return parsed(await tokenRequest(server, exchangeForm(authorised), wardApp));
}

/** Sends a form to the token endpoint as `gp-clinic`. */
export async function clinicRequest(
  server: Server & { readonly port?: number },
  parameters: Readonly<Record<string, string>>,
): Promise<Answer> {
  const client = await assertion(demoKey(server, 'gp-clinic'), 'gp-clinic', server.issuer);
  return send(server, form({ ...parameters, ...assertionForm(client) }));
}

/** Signs Dr Shah in for `gp-clinic` and exchanges the code. @throws unless that succeeds */
export async function clinicTokens(
  server: TestServer,
  options: Parameters<typeof practise>[1] = {},
): Promise<TokenAnswer> {
  const { authorised, page } = await practise(server, { change: clinicChange, ...options });
  if (authorised === undefined) throw new Error(`no code: ${page.location}\n${page.html}`);
  return parsed(await clinicRequest(server, exchangeForm(authorised)));
}
