import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, type World } from '../integration/kete/world.ts';
import { browserUnavailable, launchBrowser, watch } from '../support/browser.ts';

describe.skipIf(browserUnavailable)('Kete Health in a browser without script', () => {
  let world: World;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    world = await createWorld();
    browser = await launchBrowser();
    page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  });

  afterAll(async () => {
    await browser?.close();
    world?.close();
  });

  test('connect, renew, read again, disconnect', async () => {
    const watched = watch(page, world.issuer);
    const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
    const heading = page.getByRole('heading', { level: 1 });

    await page.goto(`${world.issuer}/demo`);
    await press('Connect my health record');
    expect(await heading.textContent()).toContain('Wiremu Pōtae');
    expect(new URL(page.url()).pathname).toBe('/demo/record');
    for (const name of ['Renew access', 'Read again']) {
      await press(name);
      expect(await heading.textContent()).toContain('Wiremu Pōtae');
    }
    await press('Disconnect');
    expect(await heading.textContent()).toBe('Your health record in one place');
    expect(watched).toEqual({ foreign: [], complaints: [] });
  });
});
