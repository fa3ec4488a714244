import * as openid from 'openid-client';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { audit } from '../support/audit.ts';
import { addAuthenticator } from '../support/authenticator.ts';
import { browserUnavailable } from '../support/browser.ts';
import {
  arrival,
  expectHeading,
  type FlowClient,
  press,
  registerApp,
  signInAs,
  startFlow,
  typeCode,
} from '../support/flow.ts';
import { authorisation, discover } from '../support/openid-client.ts';
import { introspect } from '../support/visitor.ts';

/** What the application asks for beside who she is; test results want a passkey (`src/demo/world.ts`). */
const asked = ['AllergyIntolerance', 'Immunization', 'Observation'].map((type) => `patient/${type}.rs`);
const scope = `openid launch/patient offline_access ${asked.join(' ')}`;

const lines = {
  'patient/AllergyIntolerance.rs': 'See allergies in this health record',
  'patient/Immunization.rs': 'See vaccinations in this health record',
  'patient/Observation.rs': 'See test results and measurements in this health record',
};

/** Which of the lines a scope names. */
const linesIn = (text: unknown): string[] =>
  String(text)
    .split(' ')
    .filter((one) => asked.includes(one));

describe.skipIf(browserUnavailable)('one patient, from her first passkey to what she takes back', () => {
  const flow = startFlow();
  let app: FlowClient;
  let configuration: openid.Configuration;

  beforeAll(async () => {
    app = await registerApp(flow);
    configuration = await discover(flow.server.issuer, app.clientId);
  });

  const open = (page: Page, path: string) => page.goto(`${flow.server.issuer}${path}`);

  /** Says under Devices how she signed in here. */
  async function expectSignedInWith(page: Page, words: string): Promise<void> {
    await open(page, '/account/devices');
    await expectHeading(page, 'Where you are signed in');
    await page.getByText(words).waitFor();
  }

  async function signOut(page: Page): Promise<void> {
    await page.getByRole('link', { name: 'Sign out', exact: true }).click();
    await expectHeading(page, 'Do you want to sign out?');
    await press(page, 'Sign out');
    await expectHeading(page, 'You are signed out');
  }

  /** Whether a token opens something, and which lines. */
  async function seen(token: string): Promise<{ active: boolean; lines: string[] }> {
    const found = await introspect(flow.server, token);
    return { active: found.active, lines: linesIn(found.scope) };
  }

  test('enrols it, signs in with it, is stepped up, allows two of three lines, takes one back', async () => {
    const page = await flow.person();
    const { touch } = await addAuthenticator(page);

    // Enrol a passkey: not before all is proved that she has so far.
    await open(page, '/account/security/passkeys/new');
    await signInAs(page);
    await typeCode(page, flow.server.issuer);
    await expectHeading(page, 'Add a passkey');
    await audit(page, 'patient-01-add-passkey');
    await page.getByLabel('Name of the passkey').fill('My phone');
    await touch(async () => {
      await press(page, 'Add passkey');
      await page.getByText('Your passkey was added.').waitFor();
    });
    await audit(page, 'patient-02-passkey-added');

    // Sign out, and sign in with it: no name, no password.
    await signOut(page);
    await audit(page, 'patient-03-signed-out');
    await open(page, '/account');
    await expectHeading(page, 'Sign in');
    await audit(page, 'patient-04-sign-in');
    await touch(async () => {
      await press(page, 'Use a passkey');
      await expectHeading(page, 'Your account');
    });
    await expectSignedInWith(page, 'You used a passkey.');
    await audit(page, 'patient-05-signed-in-with-passkey');

    // Another day she signs in with her password, which opens her account and no test results.
    await signOut(page);
    await open(page, '/account');
    await signInAs(page);
    await expectSignedInWith(page, 'You used your password.');

    // The application asks for test results: a step up, by the passkey alone, for she is signed in.
    const { checks, parameters } = await authorisation(flow.server.issuer, app, { scope });
    await page.goto(openid.buildAuthorizationUrl(configuration, parameters).href);
    await expectHeading(page, 'Use your passkey');
    expect(await page.getByLabel('Password').count()).toBe(0);
    await audit(page, 'patient-06-step-up');
    await touch(async () => {
      await press(page, 'Use a passkey');
      await expectHeading(page, 'Do you want to let Test Application use your health record?');
    });

    // Two of three lines of her record.
    const parts = page.getByRole('checkbox', { name: 'in this health record' });
    expect(await parts.count()).toBe(asked.length);
    for (const words of Object.values(lines)) expect(await page.getByLabel(words).isChecked()).toBe(true);
    await page.getByLabel(lines['patient/Immunization.rs']).uncheck();
    await audit(page, 'patient-07-two-of-three');
    await press(page, 'Allow');
    const answer = await arrival(page, app.redirectUri);
    const first = await openid.authorizationCodeGrant(configuration, answer, checks);
    const two = ['patient/AllergyIntolerance.rs', 'patient/Observation.rs'];
    expect(linesIn(first.scope)).toEqual(two);
    expect(first.claims()).toMatchObject({ sub: 'aroha', acr: '3' });
    expect(await seen(first.access_token)).toEqual({ active: true, lines: two });

    // Exactly those stand under her account.
    await open(page, '/account/applications');
    await page.getByRole('link', { name: 'Test Application', exact: true }).click();
    await expectHeading(page, 'Test Application');
    const allowed = page.getByRole('link', { name: /^Take back See/ });
    expect(await allowed.count()).toBe(two.length);
    const refused = page
      .getByRole('heading', { name: 'What you did not allow' })
      .locator('xpath=following-sibling::ul[1]/li');
    expect(await refused.allTextContents()).toEqual([lines['patient/Immunization.rs']]);
    await audit(page, 'patient-08-application');

    // One of them she takes back.
    await page.getByRole('link', { name: /^Take back See test results/ }).click();
    await expectHeading(page, 'Take this back?');
    await audit(page, 'patient-09-take-back');
    await press(page, 'Take this back');
    await page.getByText('You took it back. The application can no longer do that.').waitFor();
    await audit(page, 'patient-10-taken-back');

    // The application hears of it where it asks next.
    const one = ['patient/AllergyIntolerance.rs'];
    expect(await seen(first.access_token)).toEqual({ active: false, lines: [] });
    const next = await openid.refreshTokenGrant(configuration, first.refresh_token ?? '');
    expect(linesIn(next.scope)).toEqual(one);
    expect(await seen(next.access_token)).toEqual({ active: true, lines: one });
    expect(await seen(first.access_token)).toEqual({ active: false, lines: [] });
  });
});
