import { register } from '../../support/fixtures.ts';
import type { TestServer } from '../../support/server.ts';
import { authorise, exchangeForm, type TokenAnswer, type Visitor } from '../../support/visitor.ts';

const credentials = ['online', 'a secret for the tests alone'] as const;

/** Registers an application that may keep access while its person is signed in, and no longer. */
export const registerOnline = (server: TestServer) =>
  register(server, {
    client_id: 'online',
    client_name: 'Kete Health on the ward',
    client_secret: credentials[1],
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: ['http://127.0.0.1:8090/cb'],
    organization: 'kete',
    apis: { 'demo-fhir': 'openid launch/patient online_access offline_access patient/*.rs' },
  });

/** Authorises that application and exchanges the code. */
export async function tokensOfOnline(
  server: TestServer,
  visitor: Visitor,
  scope = 'openid launch/patient online_access patient/Patient.rs',
): Promise<TokenAnswer> {
  const authorised = await authorise(server, { visitor, change: { client_id: 'online', scope } });
  const answer = await server.token(exchangeForm(authorised), credentials);
  return (await answer.json()) as TokenAnswer;
}

/** Uses a refresh token of that application. */
export const refreshOnline = (server: TestServer, refreshToken: string | undefined) =>
  server.token({ grant_type: 'refresh_token', refresh_token: refreshToken ?? '' }, credentials);
