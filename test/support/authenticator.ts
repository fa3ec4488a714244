import type { CDPSession, Page } from 'playwright-core';

/** Has the owner touch it while something is done, and no more after that. */
type Touch = (work: () => Promise<unknown>) => Promise<void>;

/**
 * An authenticator that Chromium takes for the device's own. Its owner touches it at once whenever it is asked, until `touch` was
 * called: then only within that. Where a sign-in page merely offers it in a field, a touch is the choice of it.
 */
export async function addAuthenticator(
  page: Page,
  options: { verifies?: boolean } = {},
): Promise<{ devtools: CDPSession; authenticatorId: string; touch: Touch }> {
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
  const isPresent = (enabled: boolean) =>
    devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
  return {
    devtools,
    authenticatorId,
    async touch(work) {
      await isPresent(true);
      await work();
      await isPresent(false);
    },
  };
}
