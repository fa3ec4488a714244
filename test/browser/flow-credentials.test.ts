import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { addAuthenticator } from '../support/authenticator.ts';
import { axe, browserUnavailable } from '../support/browser.ts';
import { codeOf } from '../support/code.ts';
import { expectHeading, press, signInAs, startFlow } from '../support/flow.ts';

const screenshots = fileURLToPath(new URL('../../artefacts/screenshots/', import.meta.url));

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

  test('a passkey opens its own page, where it gets another name and is removed', async () => {
    const page = await flow.person();
    await addAuthenticator(page);
    await open(page, '/passkeys/new');
    await page.getByLabel('Name of the passkey').fill('My phone');
    await press(page, 'Add passkey');
    await page.getByRole('link', { name: 'My phone' }).click();
    // All that she can prove is more now than her password.
    await press(page, 'Use a passkey');
    await expectHeading(page, 'Passkey: My phone');
    expect(await axe(page)).toEqual([]);
    await page.getByLabel('Name of the passkey').fill('Waea pūkoro');
    await press(page, 'Save name');
    await page.getByText('Your passkey has its new name.').waitFor();
    expect(await passkeys()).toMatchObject([{ name: 'Waea pūkoro', lastUsedAt: expect.any(Date) }]);
    await page.getByRole('link', { name: 'Waea pūkoro' }).click();
    await page.screenshot({ path: `${screenshots}flow-passkey.png`, fullPage: true });
    await press(page, 'Remove passkey');
    await page.getByText('Your passkey was removed.').waitFor();
    expect(await passkeys()).toEqual([]);
  });

  test('a device that has a passkey of hers makes no second one, and the page says so', async () => {
    const page = await flow.person();
    await addAuthenticator(page);
    await open(page, '/passkeys/new');
    await page.getByLabel('Name of the passkey').fill('My phone');
    await press(page, 'Add passkey');
    await page.getByText('Your passkey was added.').waitFor();
    await page.getByRole('link', { name: 'Add a passkey' }).click();
    await press(page, 'Use a passkey');
    await page.getByLabel('Name of the passkey').fill('My phone again');
    await press(page, 'Add passkey');
    await page.getByText('This device already has a passkey for your account.').waitFor();
    expect(await passkeys()).toHaveLength(1);
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

  test('an authenticator app and recovery codes are set up without script', async () => {
    const page = await flow.person({ javaScriptEnabled: false });
    await open(page, '/authenticator');
    await page.getByRole('img', { name: 'QR code for your authenticator app' }).waitFor();
    await page.screenshot({ path: `${screenshots}flow-authenticator.png`, fullPage: true });
    const key = (await page.locator('main .assent-code').first().textContent())?.replaceAll(' ', '') ?? '';
    await page.getByLabel('Code from the app').fill(codeOf(key));
    await press(page, 'Add app');
    // All that she can prove is more now than her password; the first code was used up by setting up.
    await page.getByLabel('Code').fill(codeOf(key, 1));
    await press(page, 'Continue');
    await expectHeading(page, 'Recovery codes');
    await press(page, 'Make new codes');
    await page.getByText('We show these codes only now.').waitFor();
    await page.screenshot({ path: `${screenshots}flow-recovery-codes.png`, fullPage: true });
    const shown = await page.locator('.assent-recovery li').allTextContents();
    expect(shown).toHaveLength(10);
    await page.goto(`${flow.server.issuer}/account/security/recovery-codes`);
    expect(await page.locator('.assent-recovery').count()).toBe(0);
    await page.getByText('You have 10 recovery codes left.').waitFor();
    const { recoveryCodes } = flow.server.services.credentials;
    expect(await recoveryCodes.use('aroha', shown[3] ?? '')).toBe(true);
  });
});
