import { fileURLToPath } from 'node:url';
import type { CDPSession, Page } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { axe, browserUnavailable } from '../support/browser.ts';
import { codeOf } from '../support/code.ts';
import { press, signInAs, startFlow } from '../support/flow.ts';

const screenshots = fileURLToPath(new URL('../../artefacts/screenshots/', import.meta.url));

/** An authenticator that Chromium takes for the device's own. */
async function addAuthenticator(
  page: Page,
  options: { verifies?: boolean } = {},
): Promise<{ devtools: CDPSession; authenticatorId: string }> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: options.verifies ?? true,
      automaticPresenceSimulation: true,
    },
  });
  return { devtools, authenticatorId };
}

describe.skipIf(browserUnavailable)('how somebody signs in, in a browser', () => {
  const flow = startFlow();

  // Whoever has neither app nor passkey proves all she can with her password.
  beforeEach(async () => {
    for (const table of ['authenticators', 'passkeys', 'recovery_codes'])
      await flow.server.sql(`DELETE FROM ${table} WHERE account_id = 'aroha'`);
  });

  /** Opens an address below `/account/security`, signing in on the way. */
  async function open(page: Page, path: string): Promise<void> {
    await page.goto(`${flow.server.issuer}/account/security${path}`);
    await signInAs(page);
    await page.waitForURL(`${flow.server.issuer}/account/security${path}`);
  }

  const passkeys = () => flow.server.services.credentials.passkeys.list('aroha');

  test('a passkey is added by its name, on a page that axe finds no fault with', async () => {
    const page = await flow.person();
    await addAuthenticator(page);
    await open(page, '/passkeys/new');
    expect(await page.getByText('You cannot add a passkey here.').isVisible()).toBe(false);
    expect(await axe(page)).toEqual([]);
    await page.getByLabel('Name of the passkey').fill('My phone');
    await press(page, 'Add passkey');
    await page.getByText('Your passkey was added.').waitFor();
    expect(await passkeys()).toMatchObject([{ name: 'My phone', synced: false }]);
    await page.screenshot({ path: `${screenshots}flow-passkey-added.png`, fullPage: true });
  });

  test('a device that does not know its owner makes none, and the page says so and can be tried again', async () => {
    const page = await flow.person();
    const { devtools, authenticatorId } = await addAuthenticator(page, { verifies: false });
    await open(page, '/passkeys/new');
    await page.getByLabel('Name of the passkey').fill('My phone');
    await press(page, 'Add passkey');
    const problem = page.getByRole('alert').filter({ hasText: 'Try again when you are ready' });
    await problem.waitFor();
    expect(await axe(page)).toEqual([]);
    expect(await passkeys()).toEqual([]);
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
    await press(page, 'Add passkey');
    await page.getByText('Your passkey was added.').waitFor();
  });

  test('without script the page says why there is no button', async () => {
    const page = await flow.person({ javaScriptEnabled: false });
    await open(page, '/passkeys/new');
    expect(await page.getByText('You cannot add a passkey here.').isVisible()).toBe(true);
    expect(await page.getByRole('button', { name: 'Add passkey' }).isVisible()).toBe(false);
  });

  test('an authenticator app is added without script, from the key that is shown', async () => {
    const page = await flow.person({ javaScriptEnabled: false });
    await open(page, '/authenticator');
    await page.getByRole('img', { name: 'QR code for your authenticator app' }).waitFor();
    await page.screenshot({ path: `${screenshots}flow-authenticator.png`, fullPage: true });
    const key = (await page.locator('main .assent-code').first().textContent())?.replaceAll(' ', '') ?? '';
    await page.getByLabel('Code from the app').fill(codeOf(key));
    await press(page, 'Add app');
    await page.waitForURL((url) => !url.pathname.endsWith('/authenticator'));
    const { authenticators } = flow.server.services.credentials;
    expect(await authenticators.find('aroha')).toMatchObject({ always: true });
  });
});
