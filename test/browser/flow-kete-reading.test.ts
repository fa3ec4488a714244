import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { addAuthenticator } from '../support/authenticator.ts';
import { axe, browserUnavailable } from '../support/browser.ts';
import { expectHeading, press, signInAs, startFlow, typeCode } from '../support/flow.ts';

const screenshots = fileURLToPath(new URL('../../artefacts/screenshots/', import.meta.url));

describe.skipIf(browserUnavailable)('Kete Health, when a person wants more of it', () => {
  const flow = startFlow();
  const more = 'Do you want to let Kete Health do more with your health record?';

  /** Looks at a page as it is sent: axe finds nothing, and a picture is kept. */
  async function look(page: Page, name: string): Promise<void> {
    expect(await axe(page)).toEqual([]);
    await page.screenshot({ path: `${screenshots}flow-kete-${name}.png`, fullPage: true });
  }

  test('she shows it her test results with a passkey, and adds her blood pressure', async () => {
    const page = await flow.person();
    await addAuthenticator(page);
    await page.goto(`${flow.server.issuer}/demo`);
    await press(page, 'Connect my health record');
    await signInAs(page);
    await press(page, 'Allow');
    await expectHeading(page, 'Health record of Aroha Ngata');
    await look(page, 'before-more');

    // Test results want a passkey. She has none yet, so she sets one up, once she has shown all else that she has.
    await press(page, 'See your test results');
    const code = page.getByLabel('Code', { exact: true });
    const setUp = page.getByRole('button', { name: 'Set up a passkey', exact: true });
    await code.or(setUp).waitFor();
    if (await code.isVisible()) await typeCode(page, flow.server.issuer);
    await setUp.click();
    await press(page, 'Use a passkey');
    await expectHeading(page, more);
    expect(await page.getByRole('checkbox').count()).toBe(1);
    await page.getByText('You already allow').click();
    await page.getByText('See vaccinations in this health record').waitFor();
    await look(page, 'consent-results');
    await press(page, 'Allow');
    await expectHeading(page, 'Health record of Aroha Ngata');
    await page.getByText('Haemoglobin').waitFor();

    // To add something is a line of its own, and says so.
    await press(page, 'Add a blood pressure reading');
    await expectHeading(page, more);
    await page.getByRole('group', { name: 'What may Kete Health add or change?' }).waitFor();
    expect(await page.getByLabel('Add test results and measurements to this health record').isChecked()).toBe(
      true,
    );
    await look(page, 'consent-reading');
    await press(page, 'Allow');
    await expectHeading(page, 'Add a blood pressure reading');
    await page.getByLabel('Upper number (systolic)').fill('84');
    await page.getByLabel('Lower number (diastolic)').fill('131');
    await press(page, 'Add to my health record');
    expect(await page.getByRole('alert').textContent()).toContain('The lower number must be less');
    await look(page, 'reading-wrong');
    await page.getByLabel('Upper number (systolic)').fill('131');
    await page.getByLabel('Lower number (diastolic)').fill('84');
    await press(page, 'Add to my health record');
    await expectHeading(page, 'Health record of Aroha Ngata');
    expect(await page.getByText('Systolic blood pressure: 131 mmHg').count()).toBe(2);
    await look(page, 'reading-added');
  });
});
