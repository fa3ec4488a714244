import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { browserUnavailable } from '../support/browser.ts';
import { allowKete, expectHeading, press, signInAs, startFlow } from '../support/flow.ts';

const vaccinations = /Vaccinations/;
const question = 'Do you want to let Kete Health use your health record?';

/** What is under a heading of the record. */
const part = (page: Page, heading: RegExp | string) =>
  page.locator('section').filter({ has: page.getByRole('heading', { name: heading, exact: true }) });

describe.skipIf(browserUnavailable)('Kete Health, with scripts switched off', () => {
  const flow = startFlow();
  const withoutScript = { javaScriptEnabled: false };

  /** Goes from Kete Health's first page to Assent's sign-in page. */
  async function connect(width = 1280): Promise<Page> {
    const page = await flow.person({ ...withoutScript, viewport: { width, height: 700 } });
    await page.goto(`${flow.server.issuer}/demo`);
    await press(page, 'Connect my health record');
    await expectHeading(page, 'Sign in');
    return page;
  }

  test.each([320, 1280])(
    'what the first page says works, at %i px: connect, sign in, allow, read, renew, sign out',
    async (width) => {
      const first = await flow.person({ ...withoutScript, viewport: { width, height: 700 } });
      await first.goto(`${flow.server.issuer}/`);
      const [account = '', password = ''] = await first
        .locator('.assent-first dd')
        .allTextContents()
        .then((texts) => texts.map((text) => text.trim()));
      const [page] = await Promise.all([
        first.context().waitForEvent('page'),
        first.getByRole('link', { name: 'Open Kete Health' }).click(),
      ]);
      await press(page, 'Connect my health record');

      await signInAs(page, account, 'not the password');
      await expectHeading(page, 'Sign in');
      expect(await page.getByRole('alert').textContent()).toContain('The name or the password is not right');
      await signInAs(page, account, password);
      await allowKete(page);

      await page.waitForURL(`${flow.server.issuer}/demo/record`);
      await expectHeading(page, 'Health record of Aroha Ngata');
      expect(await part(page, vaccinations).locator('tbody tr').count()).toBe(3);
      await press(page, 'Renew access');
      expect(await part(page, vaccinations).locator('tbody tr').count()).toBe(3);

      await press(page, 'Sign out');
      await expectHeading(page, 'Do you want to sign out?');
      await press(page, 'Sign out');
      await page.waitForURL(`${flow.server.issuer}/demo`);
      await page.goto(`${flow.server.issuer}/demo/record`);
      await page.waitForURL(`${flow.server.issuer}/demo`);
      await press(page, 'Connect my health record');
      await expectHeading(page, 'Sign in');
    },
  );

  test('who says no has shared nothing', async () => {
    const page = await connect();
    await signInAs(page, 'mere@example.test');
    await press(page, 'Do not allow');
    await expectHeading(page, 'Nothing was shared');
    expect(await page.getByRole('main').textContent()).toContain('Nothing was shared');
    await page.goto(`${flow.server.issuer}/demo/record`);
    await page.waitForURL(`${flow.server.issuer}/demo`);
  });

  test('who goes back without signing in has shared nothing', async () => {
    const page = await connect();
    await press(page, 'Go back to Kete Health');
    await expectHeading(page, 'Nothing was shared');
  });

  test('a line that is not ticked is not shown, and the rest is; the choice is remembered', async () => {
    const page = await connect();
    await signInAs(page, 'hana@example.test');
    await page.getByLabel('See vaccinations in this health record').uncheck();
    await press(page, 'Allow');
    await expectHeading(page, 'Health record of Hana Ngata');
    expect(await part(page, vaccinations).textContent()).toContain('You chose not to share this.');
    expect(await part(page, 'Appointments').textContent()).not.toContain('You chose not to share this.');
    await press(page, 'Disconnect');
    await press(page, 'Connect my health record');
    await expectHeading(page, 'Health record of Hana Ngata');
    expect(await part(page, vaccinations).textContent()).toContain('You chose not to share this.');
  });

  test('who unticks everything is asked for a part, and can still say no', async () => {
    const page = await connect();
    await signInAs(page, 'wiremu@example.test');
    for (const box of await page.getByRole('checkbox').all()) await box.uncheck();
    await press(page, 'Allow');
    await expectHeading(page, question);
    expect(await page.getByRole('alert').textContent()).toContain('Tick at least one part');
    expect(await page.getByRole('checkbox', { checked: true }).count()).toBe(0);
    await press(page, 'Do not allow');
    await expectHeading(page, 'Nothing was shared');
  });

  test('who has no record is told so, and can sign in as someone else', async () => {
    const page = await connect();
    await signInAs(page, 'admin@example.test');
    await expectHeading(page, 'We have no health record for you here');
    await press(page, 'Sign in as someone else');
    await expectHeading(page, 'Sign in');
    await signInAs(page, 'tom@example.test');
    await expectHeading(page, 'Someone else was signed in here');
    await press(page, 'Continue');
    await expectHeading(page, question);
    await press(page, 'Allow');
    await expectHeading(page, 'Health record of Tom Ellis');
  });
});
