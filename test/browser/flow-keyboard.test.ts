import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { browserUnavailable } from '../support/browser.ts';
import { arrival, expectHeading, registerApp, startFlow } from '../support/flow.ts';
import { focusIsSeen, followProblem, tabTo, type } from '../support/keyboard.ts';
import { demoPassword } from '../support/visitor.ts';

describe.skipIf(browserUnavailable)('sign-in and consent with the keyboard alone, without script', () => {
  const flow = startFlow();

  async function begin() {
    const client = await registerApp(flow);
    const page = await flow.person({ javaScriptEnabled: false });
    await page.goto(client.request());
    return { page, client };
  }

  async function signInByKeyboard(page: Page): Promise<void> {
    await type(page, 'Email address or user name', 'aroha@example.test');
    await type(page, 'Password', demoPassword);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Allow', exact: true }).waitFor();
  }

  test('a wrong password first: the message has the focus, and leads to the field', async () => {
    const { page } = await begin();
    await type(page, 'Email address or user name', 'aroha@example.test');
    await type(page, 'Password', 'wrong');
    await tabTo(page, 'button', 'Sign in');
    expect(await focusIsSeen(page)).toBe(true);
    await page.keyboard.press('Space');
    await followProblem(page, 'identifier');
    expect(await page.locator('#identifier').inputValue()).toBe('aroha@example.test');
    await type(page, 'Password', demoPassword);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Allow', exact: true }).waitFor();
  });

  test('Space unticks a line, and Enter on Allow allows the others', async () => {
    const { page, client } = await begin();
    await signInByKeyboard(page);
    await tabTo(page, 'checkbox', 'See vaccinations in this health record');
    expect(await page.locator(':focus').isChecked()).toBe(true);
    await page.keyboard.press('Space');
    expect(await page.locator(':focus').isChecked()).toBe(false);
    await tabTo(page, 'button', 'Allow');
    expect(await focusIsSeen(page)).toBe(true);
    await page.keyboard.press('Enter');
    const { searchParams } = await arrival(page, client.redirectUri);
    expect(searchParams.has('code')).toBe(true);
    const [row] = await flow.server.sql<{ lines: readonly { scope: string; allowed: boolean }[] }>(
      'SELECT lines FROM consents WHERE client_id = $1',
      [client.clientId],
    );
    const allowed = row?.lines.filter((line) => line.allowed).map((line) => line.scope);
    expect(allowed).toContain('patient/Patient.rs');
    expect(allowed).not.toContain('patient/Immunization.rs');
  });

  test('Space on Do not allow refuses', async () => {
    const { page, client } = await begin();
    await signInByKeyboard(page);
    await tabTo(page, 'button', 'Do not allow');
    await page.keyboard.press('Space');
    const { searchParams } = await arrival(page, client.redirectUri);
    expect(searchParams.get('error')).toBe('access_denied');
  });

  test('a stray Enter in a tick box allows nothing', async () => {
    const { page, client } = await begin();
    await signInByKeyboard(page);
    await tabTo(page, 'checkbox', 'See vaccinations in this health record');
    await page.keyboard.press('Enter');
    const { searchParams } = await arrival(page, client.redirectUri);
    expect(searchParams.get('error')).toBe('access_denied');
  });

  test('someone else can sign in from the consent page', async () => {
    const { page } = await begin();
    await signInByKeyboard(page);
    await tabTo(page, 'button', 'Sign in as someone else');
    await page.keyboard.press('Enter');
    await page.getByLabel('Password').waitFor();
    await expectHeading(page, 'Sign in');
  });
});
