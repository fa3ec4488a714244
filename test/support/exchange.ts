import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { type Answer, basic, form, register, send } from './fixtures.ts';
import type { TestServer } from './server.ts';
import {
  type Authorised,
  authorise,
  createVisitor,
  exchangeForm,
  introspect,
  keteWeb,
  type TokenAnswer,
  usualScope,
  type Visitor,
} from './visitor.ts';

/** Name and secret of a client; a client without a secret has only its name. */
export type Credentials = readonly [clientId: string, secret?: string];

/** The demo application that runs in a browser, and where its codes are sent. */
export const keteSpa: Credentials = ['kete-spa'];
export const spaChange = { client_id: 'kete-spa', redirect_uri: 'http://127.0.0.1:8090/app.html' };

/** A confidential client beside Kete Health, with the same address and with `online_access`. */
export const labWeb: Credentials = ['lab-web', 'a-secret-of-lab-web-that-is-long-enough'];
export const labChange = { client_id: 'lab-web', redirect_uri: 'http://127.0.0.1:8090/cb' };

const labScope = 'openid profile fhirUser launch/patient offline_access online_access patient/*.rs';

/** Registers `lab-web`; `change` replaces members of its registration. */
export function registerLab(
  server: TestServer,
  change: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const [clientId, secret] = labWeb;
  return register(server, {
    client_id: clientId,
    client_name: 'Lab results',
    client_secret: secret,
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: ['http://127.0.0.1:8090/cb'],
    post_logout_redirect_uris: ['http://127.0.0.1:8090/'],
    organization: 'kete',
    apis: { 'demo-fhir': labScope },
    ...change,
  });
}

/** Sends a form to the token endpoint as a client: with HTTP Basic, or with its name alone. */
export function tokenRequest(
  at: { readonly issuer: string; readonly port?: number },
  parameters: Readonly<Record<string, string>>,
  [clientId, secret]: Credentials = keteWeb,
): Promise<Answer> {
  const sent =
    secret === undefined
      ? form({ ...parameters, client_id: clientId })
      : form(parameters, basic(clientId, secret));
  return send(at, sent);
}

/** The form with which a refresh token is used. */
export const refreshForm = (token: string | undefined, change: Readonly<Record<string, string>> = {}) => ({
  grant_type: 'refresh_token',
  refresh_token: token ?? '',
  ...change,
});

const succeeded = ({ status, body }: Answer): TokenAnswer => {
  if (status !== 200) throw new Error(`${status} ${body}`);
  return JSON.parse(body) as TokenAnswer;
};

/** Exchanges a code. @throws unless that succeeds */
export async function redeem(
  server: { readonly issuer: string },
  authorised: Authorised,
  client: Credentials = keteWeb,
): Promise<TokenAnswer> {
  return succeeded(await tokenRequest(server, exchangeForm(authorised), client));
}

/** Uses the refresh token of an answer. @throws unless that succeeds */
export async function renew(
  server: { readonly issuer: string },
  { refresh_token: token }: TokenAnswer,
  client: Credentials = keteWeb,
): Promise<TokenAnswer> {
  return succeeded(await tokenRequest(server, refreshForm(token), client));
}

/** Tries the refresh token of an answer: `200`, or the OAuth error. */
export async function tryRefresh(
  server: { readonly issuer: string; readonly port?: number },
  { refresh_token: token }: TokenAnswer,
  client: Credentials = keteWeb,
): Promise<string> {
  return outcome(await tokenRequest(server, refreshForm(token), client));
}

/** `200`, or the status with the OAuth error. */
export function outcome({ status, body }: Answer): string {
  if (status === 200) return '200';
  const { error } = JSON.parse(body) as { error?: string };
  return `${status} ${error}`;
}

/** Whether the resource server of the demo world is told that a token is good. */
export async function isActive(
  server: Pick<TestServer, 'issuer'>,
  { access_token: token }: TokenAnswer,
): Promise<boolean> {
  return (await introspect(server, token)).active;
}

/** Signs in with a browser of its own and exchanges the code: a family that no other test shares. */
export async function newFamily(
  server: Pick<TestServer, 'issuer'>,
  options: Parameters<typeof authorise>[1] & { client?: Credentials } = {},
): Promise<{ first: TokenAnswer; authorised: Authorised; visitor: Visitor }> {
  const { client = keteWeb, visitor = createVisitor(server.issuer), ...rest } = options;
  const authorised = await authorise(server, { ...rest, visitor });
  return { first: await redeem(server, authorised, client), authorised, visitor };
}

/** The name under which a bearer value is kept and audited. */
export const digest = (value: string) => createHash('sha256').update(value).digest('base64url');

/** The grant that a token came from. */
export async function grantOf(server: Pick<TestServer, 'sql'>, value: string): Promise<string> {
  const rows = await server.sql<{ grant_id: string }>('SELECT grant_id FROM oidc_artefacts WHERE id = $1', [
    digest(value),
  ]);
  return rows[0]?.grant_id ?? '';
}

/** What every refused code and refresh token is answered with, whatever was wrong with it. */
export const invalidGrant = JSON.stringify({
  error: 'invalid_grant',
  error_description: 'grant request is invalid',
});

/** The answer is that of a refused code or refresh token, to the byte, and no cache keeps it. */
export function expectInvalidGrant({ status, headers, body }: Answer): void {
  expect({ status, body }).toEqual({ status: 400, body: invalidGrant });
  expect(headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
}

/** The usual scopes with another word for how long refresh tokens last; none without one. */
export const lasting = (word?: 'offline_access' | 'online_access') =>
  usualScope
    .split(' ')
    .flatMap((scope) => (scope === 'offline_access' ? (word ?? []) : scope))
    .join(' ');
