import * as oauth from 'oauth4webapi';
import { describe, expect, test } from 'vitest';
import { browserUnavailable } from '../support/browser.ts';
import { allowAll, type FlowClient, flowScope, registerApp, startFlow } from '../support/flow.ts';

const insecure = { [oauth.allowInsecureRequests]: true };

describe.skipIf(browserUnavailable)(
  'oauth4webapi as a public client, with a person in a real browser',
  () => {
    const flow = startFlow();

    async function discover(): Promise<oauth.AuthorizationServer> {
      const issuer = new URL(flow.server.issuer);
      const response = await oauth.discoveryRequest(issuer, insecure);
      return oauth.processDiscoveryResponse(issuer, response);
    }

    /** Has a person allow the request of a new application. */
    async function allowed() {
      const app: FlowClient = await registerApp(flow);
      const server = await discover();
      const [state, nonce, verifier] = [
        oauth.generateRandomState(),
        oauth.generateRandomNonce(),
        oauth.generateRandomCodeVerifier(),
      ];
      const parameters = {
        client_id: app.clientId,
        response_type: 'code',
        redirect_uri: app.redirectUri,
        scope: flowScope,
        aud: `${flow.server.issuer}/demo/fhir/r4`,
        state,
        nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      };
      const page = await flow.person();
      await page.goto(`${server.authorization_endpoint}?${new URLSearchParams(parameters)}`);
      const { searchParams } = await allowAll(page, app.redirectUri);
      const client: oauth.Client = { client_id: app.clientId };
      return { app, server, client, state, nonce, verifier, answer: searchParams };
    }

    test('AZ-05 code, id_token, refresh; the issuer of the response is checked', async () => {
      const { app, server, client, state, nonce, verifier, answer } = await allowed();
      expect(server.authorization_response_iss_parameter_supported).toBe(true);
      const checked = oauth.validateAuthResponse(server, client, answer, state);
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        client,
        oauth.None(),
        checked,
        app.redirectUri,
        verifier,
        insecure,
      );
      const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
        expectedNonce: nonce,
        requireIdToken: true,
      });
      await oauth.validateApplicationLevelSignature(server, response, insecure);
      expect(tokens).toMatchObject({ scope: flowScope, patient: 'p-aroha' });
      expect(oauth.getValidatedIdTokenClaims(tokens)).toMatchObject({ sub: 'aroha', aud: app.clientId });

      const refresh = async (token: string) =>
        oauth.processRefreshTokenResponse(
          server,
          client,
          await oauth.refreshTokenGrantRequest(server, client, oauth.None(), token, insecure),
        );
      const renewed = await refresh(tokens.refresh_token ?? '');
      expect(renewed).toMatchObject({ scope: flowScope, patient: 'p-aroha' });
      await expect(refresh(tokens.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant' });
      await expect(refresh(renewed.refresh_token ?? '')).resolves.toMatchObject({ patient: 'p-aroha' });
    });

    test.each([
      ['of another issuer', (answer: URLSearchParams) => answer.set('iss', 'https://elsewhere.example.test')],
      ['without an issuer', (answer: URLSearchParams) => answer.delete('iss')],
      ['of another sign-in', (answer: URLSearchParams) => answer.set('state', 'another')],
    ])('AZ-05 the library takes no response %s', async (_name, change) => {
      const { server, client, state, answer } = await allowed();
      change(answer);
      expect(() => oauth.validateAuthResponse(server, client, answer, state)).toThrow();
    });
  },
);
