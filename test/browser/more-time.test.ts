import { describe, expect, test } from 'vitest';
import { axe, browserUnavailable } from '../support/browser.ts';
import { arrival, expectHeading, press, registerApp, signInAs, startFlow } from '../support/flow.ts';

const MINUTE = 60_000;
const own = 'Do you want to let Test Application use your health record?';

describe.skipIf(browserUnavailable)('a page that closes asks in time, and keeps what was typed', () => {
  const flow = startFlow();

  test('with script: what was typed and ticked stays, the question is read out, and asked again later', async () => {
    const client = await registerApp(flow);
    const page = await flow.person();
    await page.clock.install();
    await page.goto(client.request());
    await page.getByLabel('Email address or user name').fill('aroha@example.test');
    const more = page.getByRole('button', { name: 'Yes, I need more time' });
    await page.clock.fastForward(24 * MINUTE);
    expect(await more.isVisible()).toBe(false);
    await page.clock.fastForward(2 * MINUTE);
    await more.waitFor();
    expect(await page.getByRole('status').textContent()).toContain('Do you need more time?');
    expect(await axe(page)).toEqual([]);
    const answered = page.waitForResponse((response) => response.request().method() === 'POST');
    await more.click();
    expect((await answered).status()).toBe(204);
    await page.clock.runFor(100);
    await page.getByText('You have more time now.').waitFor();
    expect(await page.locator('[data-more-time-given]:focus').count()).toBe(1);
    expect(await page.getByLabel('Email address or user name').inputValue()).toBe('aroha@example.test');
    await page.clock.fastForward(26 * MINUTE);
    await more.waitFor();
    await page.clock.resume();

    await signInAs(page);
    await expectHeading(page, own);
    await page.getByLabel('See vaccinations in this health record').uncheck();
    await page.clock.fastForward(26 * MINUTE);
    const again = page.waitForResponse((response) => response.request().method() === 'POST');
    await more.click();
    expect((await again).status()).toBe(204);
    expect(await page.getByLabel('See vaccinations in this health record').isChecked()).toBe(false);
    await press(page, 'Allow');
    await arrival(page, client.redirectUri);
    const [row] = await flow.server.sql<{ lines: readonly { scope: string; allowed: boolean }[] }>(
      'SELECT lines FROM consents WHERE client_id = $1',
      [client.clientId],
    );
    const refused = row?.lines.filter(({ allowed }) => !allowed).map(({ scope }) => scope);
    expect(refused).toEqual(['patient/Immunization.rs']);
  });

  test('without script, by the keyboard: the page that asks leads back to the question', async () => {
    const client = await registerApp(flow);
    const page = await flow.person({ javaScriptEnabled: false });
    await page.goto(client.request());
    await page.getByText('This page stays open for 30 minutes.').waitFor();
    const question = page.url();
    await page.goto(`${question}/time`);
    await expectHeading(page, 'Do you need more time?');
    const more = page.getByRole('button', { name: 'Yes, I need more time' });
    while (!(await more.evaluate((element) => element === element.ownerDocument.activeElement)))
      await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await expectHeading(page, 'Sign in');
    expect(page.url()).toBe(question);
    await signInAs(page);
    await expectHeading(page, own);
  });
});
