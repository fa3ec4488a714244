import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { browserUnavailable, launchBrowser, type Watched, watch } from '../support/browser.ts';
import { type Pages, servePages } from '../support/pages.ts';

describe.skipIf(browserUnavailable)('the first page', () => {
  let browser: Browser;
  let pages: Pages;
  let page: Page;
  let watched: Watched;

  beforeAll(async () => {
    pages = servePages();
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    pages?.close();
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    watched = watch(page, pages.origin);
  });

  afterEach(async () => {
    await page.close();
    expect(watched).toEqual({ foreign: [], complaints: [] });
  });

  test('the style sheets and a font are there', async () => {
    await page.goto(`${pages.origin}/landing-demo`);
    const style = (selector: string, property: string) =>
      page.evaluate(`getComputedStyle(document.querySelector('${selector}')).${property}`);
    expect(await style('h1', 'fontFamily')).toMatch(/^arial/i);
    expect(await style('header', 'backgroundColor')).toBe('rgb(11, 74, 79)');
    expect((await page.getByRole('heading', { level: 1 }).boundingBox())?.height).toBeGreaterThan(30);
  });

  test('the first Tab shows the skip link, and Enter leads past the header', async () => {
    await page.goto(`${pages.origin}/landing-demo`);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent.trim()')).toBe('Skip to main content');
    const box = await page.getByRole('link', { name: 'Skip to main content' }).boundingBox();
    expect(box?.width).toBeGreaterThan(100);
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('maincontent');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.closest("main") !== null')).toBe(true);
  });

  test('scopes open with the keyboard, without script', async () => {
    await page.goto(`${pages.origin}/landing-demo`);
    const scopes = page.locator('details').first().getByText('system/Flag.read');
    expect(await scopes.isVisible()).toBe(false);
    await page.locator('summary').first().focus();
    await page.keyboard.press('Enter');
    expect(await scopes.isVisible()).toBe(true);
    expect(await page.locator('script').count()).toBe(0);
  });
});
