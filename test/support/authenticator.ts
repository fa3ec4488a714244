import type { CDPSession, Page } from 'playwright-core';

/** An authenticator that Chromium takes for the device's own. */
export async function addAuthenticator(
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
