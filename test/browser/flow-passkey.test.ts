import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { addAuthenticator } from '../support/authenticator.ts';
import { browserUnavailable } from '../support/browser.ts';
import {
  arrival,
  expectHeading,
  flowScope,
  press,
  registerApp,
  signInAs,
  startFlow,
  typeCode,
} from '../support/flow.ts';

const screenshots = fileURLToPath(new URL('../../artefacts/screenshots/', import.meta.url));
const picture = (page: Page, name: string) =>
  page.screenshot({ path: `${screenshots}passkey-${name}.png`, fullPage: true });

describe.skipIf(browserUnavailable)('a passkey, in a browser', () => {
  const flow = startFlow();

  test('is set up where test results need one, steps up, and later signs in without a name', async () => {
    const app = await registerApp(flow);
    const page = await flow.person();
    const { touch } = await addAuthenticator(page);

    await page.goto(app.request());
    await signInAs(page);
    await press(page, 'Allow');
    await arrival(page, app.redirectUri);

    await page.goto(app.request({ scope: `${flowScope} patient/Observation.rs` }));
    await typeCode(page, flow.server.issuer);
    await expectHeading(page, 'You need a passkey for this');
    await picture(page, 'set-up');
    await press(page, 'Set up a passkey');
    await expectHeading(page, 'Use your passkey');
    await picture(page, 'step-up');
    await touch(async () => {
      await press(page, 'Use a passkey');
      await press(page, 'Allow');
      await arrival(page, app.redirectUri);
    });

    // The page offers it in the field of the user name, too. The button takes the place of that.
    await page.goto(app.request({ prompt: 'login' }));
    await expectHeading(page, 'Sign in');
    await picture(page, 'sign-in');
    await touch(async () => {
      await press(page, 'Use a passkey');
      expect((await arrival(page, app.redirectUri)).searchParams.get('code')).toBeTruthy();
    });

    // Chosen in the field, it signs in without any button.
    await touch(async () => {
      await page.goto(app.request({ prompt: 'login' }));
      expect((await arrival(page, app.redirectUri)).searchParams.get('code')).toBeTruthy();
    });
  });
});
