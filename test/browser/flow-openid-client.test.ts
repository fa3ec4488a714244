import { exportJWK, generateKeyPair } from 'jose';
import * as openid from 'openid-client';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { browserUnavailable } from '../support/browser.ts';
import {
  allowAll,
  arrival,
  expectHeading,
  type FlowClient,
  flowScope,
  press,
  registerApp,
  signInAs,
  startFlow,
} from '../support/flow.ts';
import { discover, authorisation as requestFor } from '../support/openid-client.ts';

const secret = 'a-secret-that-only-this-test-knows';

/** Registration and credentials of each kind of client. */
const kinds: Readonly<
  Record<string, () => Promise<{ registration: Record<string, unknown>; proof: openid.ClientAuth }>>
> = {
  'a public client': async () => ({ registration: {}, proof: openid.None() }),
  'a client with a secret': async () => ({
    registration: { token_endpoint_auth_method: 'client_secret_basic', client_secret: secret },
    proof: openid.ClientSecretBasic(secret),
  }),
  'a client with a key': async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES384', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'of-the-test', alg: 'ES384', use: 'sig' };
    return {
      registration: {
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES384',
        jwks: { keys: [jwk] },
      },
      proof: openid.PrivateKeyJwt({ key: privateKey, kid: 'of-the-test' }),
    };
  },
};

describe.skipIf(browserUnavailable)('openid-client, with a person in a real browser', () => {
  const flow = startFlow();

  async function begin(kind: string, more: Record<string, unknown> = {}) {
    const make = kinds[kind];
    if (make === undefined) throw new Error(`there is no ${kind}`);
    const { registration, proof } = await make();
    const client = await registerApp(flow, undefined, { ...registration, ...more });
    const configuration = await discover(flow.server.issuer, client.clientId, proof);
    return { client, configuration };
  }

  const authorisation = (client: FlowClient, change?: Readonly<Record<string, string>>) =>
    requestFor(flow.server.issuer, client, change);

  async function signOut(page: Page, configuration: openid.Configuration, idToken: string): Promise<void> {
    const bye = `${flow.app.origin}/bye`;
    const url = openid.buildEndSessionUrl(configuration, {
      post_logout_redirect_uri: bye,
      id_token_hint: idToken,
      state: 'after-signing-out',
    });
    await page.goto(url.href);
    await expectHeading(page, 'Do you want to sign out?');
    await press(page, 'Sign out');
    expect((await arrival(page, bye)).searchParams.get('state')).toBe('after-signing-out');
  }

  test.each([
    ['a public client', false],
    ['a public client', true],
    ['a client with a secret', false],
    ['a client with a secret', true],
    ['a client with a key', false],
    ['a client with a key', true],
  ])('%s, request pushed: %s: tokens, refresh, sign-out', async (kind, pushed) => {
    const { client, configuration } = await begin(kind);
    const { checks, parameters } = await authorisation(client);
    const url = pushed
      ? await openid.buildAuthorizationUrlWithPAR(configuration, parameters)
      : openid.buildAuthorizationUrl(configuration, parameters);
    expect(url.searchParams.has('request_uri')).toBe(pushed);

    const page = await flow.person();
    await page.goto(url.href);
    const answer = await allowAll(page, client.redirectUri);
    const tokens = await openid.authorizationCodeGrant(configuration, answer, checks);
    expect(tokens).toMatchObject({
      token_type: 'bearer',
      expires_in: 600,
      scope: flowScope,
      patient: 'p-aroha',
    });
    expect(tokens.claims()).toMatchObject({ sub: 'aroha', iss: flow.server.issuer, aud: client.clientId });

    const renewed = await openid.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
    expect(renewed).toMatchObject({ scope: flowScope, patient: 'p-aroha' });
    expect(renewed.refresh_token).not.toBe(tokens.refresh_token);
    await signOut(page, configuration, tokens.id_token ?? '');
    await page.goto(client.request());
    await expectHeading(page, 'Sign in');
  });

  test('userinfo tells an application that asks for no record who signed in', async () => {
    const { client, configuration } = await begin('a client with a secret', { apis: {} });
    const { checks, parameters } = await authorisation(client, { scope: 'openid profile' });
    const { aud: _aud, ...plain } = parameters;
    const page = await flow.person();
    await page.goto(openid.buildAuthorizationUrl(configuration, plain).href);
    await signInAs(page);
    await expectHeading(page, 'Do you want to connect Test Application to your account?');
    await press(page, 'Allow');
    const answer = await arrival(page, client.redirectUri);
    const tokens = await openid.authorizationCodeGrant(configuration, answer, checks);
    expect(await openid.fetchUserInfo(configuration, tokens.access_token, 'aroha')).toEqual({
      sub: 'aroha',
      name: 'Aroha Ngata',
    });
    const other = openid.fetchUserInfo(configuration, tokens.access_token, 'wiremu');
    await expect(other).rejects.toThrow();
  });

  test('hears in its own words that the person said no', async () => {
    const { client, configuration } = await begin('a public client');
    const { checks, parameters } = await authorisation(client);
    const page = await flow.person();
    await page.goto(openid.buildAuthorizationUrl(configuration, parameters).href);
    await signInAs(page);
    await press(page, 'Do not allow');
    const answer = await arrival(page, client.redirectUri);
    await expect(openid.authorizationCodeGrant(configuration, answer, checks)).rejects.toMatchObject({
      name: 'AuthorizationResponseError',
      error: 'access_denied',
    });
  });

  test('a code cannot be used with another verifier, nor twice', async () => {
    const { client, configuration } = await begin('a public client');
    const { checks, parameters } = await authorisation(client);
    const page = await flow.person();
    await page.goto(openid.buildAuthorizationUrl(configuration, parameters).href);
    const answer = await allowAll(page, client.redirectUri);
    const exchange = (pkceCodeVerifier: string) =>
      openid.authorizationCodeGrant(configuration, answer, { ...checks, pkceCodeVerifier });
    const refused = { error: 'invalid_grant', status: 400 };
    await expect(exchange(openid.randomPKCECodeVerifier())).rejects.toMatchObject(refused);
    await expect(exchange(checks.pkceCodeVerifier)).resolves.toMatchObject({ patient: 'p-aroha' });
    await expect(exchange(checks.pkceCodeVerifier)).rejects.toMatchObject(refused);
  });

  test('who stays signed in is told so, and is not asked again', async () => {
    const { client, configuration } = await begin('a public client');
    const page = await flow.person();
    await page.goto(client.request());
    await allowAll(page, client.redirectUri);
    await page.goto(openid.buildEndSessionUrl(configuration, {}).href);
    await press(page, 'Stay signed in');
    await expectHeading(page, 'You are still signed in');
    await page.goto(client.request());
    expect((await arrival(page, client.redirectUri)).searchParams.has('code')).toBe(true);
  });
});
