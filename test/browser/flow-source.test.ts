import * as openid from 'openid-client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { importSource, linkedTo } from '../integration/upstream/elsewhere.ts';
import { audit } from '../support/audit.ts';
import { browserUnavailable } from '../support/browser.ts';
import { register } from '../support/fixtures.ts';
import { arrival, expectHeading, press, registerApp, signInAs, startFlow } from '../support/flow.ts';
import { authorisation, discover } from '../support/openid-client.ts';
import { freePort, startServer, type TestServer } from '../support/server.ts';

/**
 * Where the Assent listens that people come back to. The one at which they sign in is the flow's own, at another host, so that
 * neither gets the other's cookies.
 */
const place = `127.0.0.1:${await freePort()}`;

describe.skipIf(browserUnavailable)('a second Assent as identity source, in a browser', () => {
  const flow = startFlow([place]);
  let clinic: TestServer;

  beforeAll(async () => {
    clinic = await startServer({
      PORT: new URL(`http://${place}`).port,
      ISSUER: `http://${place}`,
      OUTGOING_ALLOW: new URL(flow.server.issuer).host,
    });
    await importSource(clinic, {
      preset: 'assent',
      id: 'national',
      name: 'National sign-in',
      issuer: flow.server.issuer,
      client_id: 'clinic-assent',
      new_accounts: true,
    });
    await register(flow.server, {
      client_id: 'clinic-assent',
      client_name: 'The clinic',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: `${clinic.issuer}/sources/national/jwks`,
      grant_types: ['authorization_code'],
      redirect_uris: [`${clinic.issuer}/sources/national/callback`],
      scope: 'openid profile identity practitioner',
    });
    // This one has never met him.
    await clinic.sql(`DELETE FROM health_identifiers WHERE account_id = 'wiremu'`);
  });
  afterAll(async () => clinic?.close());
  beforeEach(() => flow.allowOrigin(clinic.issuer));

  /** From the other Assent's sign-in page until it leads back. */
  async function signInThere(page: Page, identifier: string, looks: string): Promise<void> {
    await page.waitForURL(`${flow.server.issuer}/**`);
    await expectHeading(page, 'Sign in');
    await audit(page, `${looks}-there`);
    await signInAs(page, identifier);
    await expectHeading(page, 'Do you want to connect The clinic to your account?');
    await audit(page, `${looks}-allow-there`);
    await press(page, 'Allow');
    await page.waitForURL(`${clinic.issuer}/**`);
  }

  test('somebody new signs in there, comes back, allows, and is known to the application', async () => {
    const app = await registerApp({ server: clinic, app: flow.app }, undefined, { apis: {} });
    const configuration = await discover(clinic.issuer, app.clientId);
    const { checks, parameters } = await authorisation(clinic.issuer, app, { scope: 'openid profile' });
    const { aud: _aud, ...plain } = parameters;
    const page = await flow.person();
    await page.goto(openid.buildAuthorizationUrl(configuration, plain).href);
    await expectHeading(page, 'Sign in');
    await audit(page, 'source-sign-in');
    await press(page, 'Sign in with National sign-in');
    await signInThere(page, 'wiremu@example.test', 'source');
    await expectHeading(page, 'Do you want to connect Test Application to your account?');
    await audit(page, 'source-consent');
    await press(page, 'Allow');
    const answer = await arrival(page, app.redirectUri);
    const tokens = await openid.authorizationCodeGrant(configuration, answer, checks);
    const accountId = await linkedTo(clinic, 'wiremu');
    expect(accountId).toBeDefined();
    expect(accountId).not.toBe('wiremu');
    expect(tokens.claims()).toMatchObject({ sub: accountId, acr: '1', amr: ['pwd'] });

    await page.goto(`${clinic.issuer}/account/devices`);
    await expectHeading(page, 'Where you are signed in');
    await page.getByText('This one', { exact: true }).waitFor();
  });

  test('somebody who says no there is back here, not signed in, and can go on with a password', async () => {
    const app = await registerApp({ server: clinic, app: flow.app });
    const page = await flow.person();
    await page.goto(app.request());
    await press(page, 'Sign in with National sign-in');
    await page.waitForURL(`${flow.server.issuer}/**`);
    await press(page, 'Go back to The clinic');
    await expectHeading(page, 'You are not signed in');
    await audit(page, 'source-said-no');
    await page.getByRole('link', { name: 'Go back' }).click();
    await expectHeading(page, 'Sign in');
    await signInAs(page);
    await press(page, 'Allow');
    expect((await arrival(page, app.redirectUri)).searchParams.has('code')).toBe(true);
  });
});
