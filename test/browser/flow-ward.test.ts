import { createRemoteJWKSet, importJWK, jwtVerify } from 'jose';
import * as openid from 'openid-client';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { demoKey } from '../support/assertion.ts';
import { audit } from '../support/audit.ts';
import { browserUnavailable } from '../support/browser.ts';
import { codeOf, forgetCodes } from '../support/code.ts';
import { arrival, expectHeading, press, signInAs, startFlow, typeCode } from '../support/flow.ts';
import { adjustments, clinicalRole, gpConnect, healthRole } from '../support/practitioner.ts';
import { demoPassword } from '../support/visitor.ts';

/** Most stops of the Tab key on one of these pages. */
const MOST_STOPS = 40;

const roleQuestion = 'Which role are you working in?';
const consentQuestion =
  'Do you want to let Fernhill Ward App use patients’ health records that you may open?';

/** Presses Tab until the focus is where it is wanted. @throws when the focus never gets there */
async function tabTo(page: Page, wanted: ReturnType<Page['locator']>): Promise<void> {
  const handle = await wanted.elementHandle();
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    await page.keyboard.press('Tab');
    if (await handle?.evaluate((element) => element === element.ownerDocument.activeElement)) return;
  }
  throw new Error('Tab does not lead there');
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** Signs Dr Shah in with the keys alone. */
async function signInByKeyboard(page: Page, password = demoPassword): Promise<void> {
  const identifier = page.getByLabel('Email address or user name');
  await tabTo(page, identifier);
  if ((await identifier.inputValue()) === '') await page.keyboard.type('priya@example.test');
  await tabTo(page, page.getByLabel('Password'));
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
}

describe.skipIf(browserUnavailable)('Dr Shah at Fernhill, in a real browser without script', () => {
  const flow = startFlow();
  let ward: openid.Configuration;
  let clinic: openid.Configuration;
  let redirectUri: string;

  beforeAll(async () => {
    const { server, app } = flow;
    redirectUri = `${app.origin}/cb`;
    // As they are in the demo world, but for an address at which somebody answers.
    await server.sql(
      `UPDATE clients SET metadata = jsonb_set(metadata, '{redirect_uris}', jsonb_build_array($1::text))
       WHERE client_id IN ('ward-app', 'gp-clinic')`,
      [redirectUri],
    );
    const discover = (clientId: string, proof: openid.ClientAuth) =>
      openid.discovery(new URL(server.issuer), clientId, undefined, proof, {
        execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks],
      });
    const jwk = demoKey(server, 'gp-clinic');
    const key = (await importJWK(jwk, jwk.alg)) as openid.CryptoKey;
    const proof = openid.PrivateKeyJwt({ key, ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) });
    ward = await discover('ward-app', openid.ClientSecretBasic('demo-secret-ward-app'));
    clinic = await discover('gp-clinic', proof);
  });

  const person = () => flow.person({ javaScriptEnabled: false });

  async function authorisation(
    configuration: openid.Configuration,
    change: Record<string, string>,
    pushed = false,
  ) {
    const checks = {
      pkceCodeVerifier: openid.randomPKCECodeVerifier(),
      expectedState: openid.randomState(),
      expectedNonce: openid.randomNonce(),
      idTokenExpected: true,
    };
    const parameters = {
      redirect_uri: redirectUri,
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      code_challenge: await openid.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
      code_challenge_method: 'S256',
      ...change,
    };
    const url = pushed
      ? await openid.buildAuthorizationUrlWithPAR(configuration, parameters)
      : openid.buildAuthorizationUrl(configuration, parameters);
    return { checks, url: url.href };
  }

  async function claimsOf(token: string): Promise<Record<string, unknown> & { iat: number }> {
    const keys = createRemoteJWKSet(new URL(`${flow.server.issuer}/jwks`));
    const { payload } = await jwtVerify(token, keys, { issuer: flow.server.issuer, algorithms: ['ES256'] });
    return payload as Record<string, unknown> & { iat: number };
  }

  const wardScope = 'openid offline_access user/Flag.read user/Flag.write';

  /** The claims of spine-jwt.md sections 4 and 5.1, and none beside them. */
  async function expectWard(token: string, role: string): Promise<void> {
    const claims = await claimsOf(token);
    const user = `https://fhir.nhs.uk/Id/sds-role-profile-id|${role}`;
    expect(claims).toEqual({
      iss: flow.server.issuer,
      sub: user,
      aud: adjustments,
      iat: expect.any(Number),
      exp: claims.iat + 300,
      jti: expect.any(String),
      client_id: 'ward-app',
      reason_for_request: 'directcare',
      scope: 'user/Flag.read user/Flag.write',
      requested_scope: 'user/Flag.read user/Flag.write',
      requesting_system: 'https://fhir.nhs.uk/Id/accredited-system|200000990800',
      requesting_organization: 'https://fhir.nhs.uk/Id/ods-organization-code|ZZ800',
      requesting_user: user,
    });
  }

  /** The claims of spine-jwt.md sections 3.1 to 3.4, and none beside them. */
  async function expectClinic(token: string, role: string): Promise<void> {
    const claims = await claimsOf(token);
    expect(claims).toEqual({
      iss: flow.server.issuer,
      sub: 'pr-priya',
      aud: gpConnect,
      iat: expect.any(Number),
      exp: claims.iat + 300,
      jti: expect.any(String),
      client_id: 'gp-clinic',
      reason_for_request: 'directcare',
      requested_scope: 'patient/*.read conf/N',
      requesting_device: {
        resourceType: 'Device',
        identifier: [{ system: 'https://fernhill.example.test/Id/device', value: 'ward-app' }],
        model: 'Fernhill Ward App',
        version: '3.4.1',
      },
      requesting_organization: {
        resourceType: 'Organization',
        identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ800' }],
        name: 'Fernhill Hospital',
      },
      requesting_practitioner: {
        resourceType: 'Practitioner',
        id: 'pr-priya',
        identifier: [
          { system: 'https://fhir.nhs.uk/Id/sds-user-id', value: '100000000101' },
          { system: 'https://fhir.nhs.uk/Id/sds-role-profile-id', value: role },
          { system: `${flow.server.issuer}/Id/practitioner`, value: 'pr-priya' },
        ],
        name: [{ family: 'Shah', given: ['Priya'], prefix: ['Dr'] }],
      },
    });
  }

  test('with the keyboard alone: a wrong password, no role, then the role; tokens and refreshed tokens say it', async () => {
    const page = await person();
    const { checks, url } = await authorisation(ward, {
      scope: wardScope,
      resource: adjustments,
      reason_for_request: 'directcare',
    });
    await page.goto(url);
    await expectHeading(page, 'Sign in');
    await signInByKeyboard(page, 'wrong');
    await page.locator('.nhsuk-error-summary:focus').waitFor();
    await signInByKeyboard(page);
    await expectHeading(page, 'Type the code from your app');
    await forgetCodes(flow.server.issuer);
    await tabTo(page, page.getByLabel('Code', { exact: true }));
    await page.keyboard.type(codeOf());
    await page.keyboard.press('Enter');
    await expectHeading(page, roleQuestion);

    await tabTo(page, button(page, 'Continue'));
    await page.keyboard.press('Space');
    await page.locator('.nhsuk-error-summary:focus').waitFor();
    await expectHeading(page, roleQuestion);

    // One stop of the Tab key for both roles; the arrow keys choose between them.
    await tabTo(page, page.getByRole('radio').first());
    await page.keyboard.press('ArrowDown');
    expect(await page.getByRole('radio', { name: 'Health Professional' }).isChecked()).toBe(true);
    await page.keyboard.press('Enter');
    await expectHeading(page, consentQuestion);
    await expect.poll(() => page.getByText('Health Professional at Fernhill Hospital').count()).toBe(1);
    await tabTo(page, button(page, 'Allow'));
    await page.keyboard.press('Enter');

    const answer = await arrival(page, redirectUri);
    const tokens = await openid.authorizationCodeGrant(ward, answer, checks);
    expect(tokens).toMatchObject({
      token_type: 'bearer',
      expires_in: 300,
      refresh_token: expect.any(String),
    });
    expect(tokens.claims()).toMatchObject({ sub: 'priya', aud: 'ward-app', iss: flow.server.issuer });
    await expectWard(tokens.access_token, healthRole);
    let { refresh_token: last } = tokens;
    for (let round = 0; round < 2; round += 1) {
      const renewed = await openid.refreshTokenGrant(ward, last ?? '');
      expect(renewed.refresh_token).not.toBe(last);
      await expectWard(renewed.access_token, healthRole);
      last = renewed.refresh_token;
    }
  });

  test('the same request pushed ahead; the second time in the same browser only the role is asked', async () => {
    const page = await person();
    const change = { scope: wardScope, resource: adjustments };
    const first = await authorisation(ward, change, true);
    expect(new URL(first.url).searchParams.has('request_uri')).toBe(true);
    await page.goto(first.url);
    await signInAs(page, 'priya@example.test');
    await typeCode(page, flow.server.issuer);
    await page.getByRole('radio', { name: 'Clinical Practitioner' }).check();
    await press(page, 'Continue');
    await expectHeading(page, consentQuestion);
    await press(page, 'Allow');
    const tokens = await openid.authorizationCodeGrant(ward, await arrival(page, redirectUri), first.checks);
    await expectWard(tokens.access_token, clinicalRole);

    const second = await authorisation(ward, change);
    await page.goto(second.url);
    await expectHeading(page, roleQuestion);
    await page.getByRole('radio', { name: 'Clinical Practitioner' }).check();
    await press(page, 'Continue');
    const again = await openid.authorizationCodeGrant(ward, await arrival(page, redirectUri), second.checks);
    await expectWard(again.access_token, clinicalRole);
  });

  test('gp-clinic with its key: GP Connect tokens, refreshed ones too', async () => {
    const page = await person();
    const { checks, url } = await authorisation(clinic, {
      scope: 'openid offline_access patient/*.read conf/N',
      resource: gpConnect,
    });
    await page.goto(url);
    await signInAs(page, 'priya@example.test');
    await typeCode(page, flow.server.issuer);
    await page.getByRole('radio', { name: 'Clinical Practitioner' }).check();
    await press(page, 'Continue');
    await page.getByText('See one patient’s record at the surgery').waitFor();
    expect(
      await page.getByRole('checkbox', { name: 'See one patient’s record at the surgery' }).count(),
    ).toBe(0);
    await press(page, 'Allow');
    const tokens = await openid.authorizationCodeGrant(clinic, await arrival(page, redirectUri), checks);
    await expectClinic(tokens.access_token, clinicalRole);
    const renewed = await openid.refreshTokenGrant(clinic, tokens.refresh_token ?? '');
    await expectClinic(renewed.access_token, clinicalRole);
  });

  test.for([
    ['Rangi, who has no role there', 'rangi@example.test'],
    ['Aroha, who is a patient', 'aroha@example.test'],
  ] as const)('%s, goes back to the application with access_denied', async ([, identifier]) => {
    const page = await person();
    const { checks, url } = await authorisation(ward, { scope: wardScope, resource: adjustments });
    await page.goto(url);
    await signInAs(page, identifier);
    await typeCode(page, flow.server.issuer);
    const answer = await arrival(page, redirectUri);
    await expect(openid.authorizationCodeGrant(ward, answer, checks)).rejects.toMatchObject({
      name: 'AuthorizationResponseError',
      error: 'access_denied',
    });
  });

  test('who does not want to choose goes back to the application', async () => {
    const page = await person();
    const { checks, url } = await authorisation(ward, { scope: wardScope, resource: adjustments });
    await page.goto(url);
    await signInAs(page, 'priya@example.test');
    await typeCode(page, flow.server.issuer);
    await expectHeading(page, roleQuestion);
    await press(page, 'Go back to Fernhill Ward App');
    const answer = await arrival(page, redirectUri);
    await expect(openid.authorizationCodeGrant(ward, answer, checks)).rejects.toMatchObject({
      error: 'access_denied',
    });
  });
});

describe.skipIf(browserUnavailable)('the pages of Dr Shah’s way, as the server really sends them', () => {
  const flow = startFlow();

  test('role, nothing chosen, and consent: axe finds nothing, and they fit', async () => {
    const page = await flow.person();
    const parameters = new URLSearchParams({
      client_id: 'ward-app',
      response_type: 'code',
      redirect_uri: 'http://127.0.0.1:8090/cb',
      scope: 'openid offline_access user/Flag.read user/Flag.write',
      code_challenge: await openid.calculatePKCECodeChallenge(openid.randomPKCECodeVerifier()),
      code_challenge_method: 'S256',
    });
    await page.goto(`${flow.server.issuer}/auth?${parameters}`);
    await signInAs(page, 'priya@example.test');
    await typeCode(page, flow.server.issuer);
    await expectHeading(page, roleQuestion);
    await audit(page, 'role');
    await press(page, 'Continue');
    await page.getByRole('alert').waitFor();
    await audit(page, 'role-nothing-chosen');
    await page.getByRole('radio', { name: 'Clinical Practitioner' }).check();
    await press(page, 'Continue');
    await expectHeading(page, consentQuestion);
    await audit(page, 'consent-role');
  });
});
