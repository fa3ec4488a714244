import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { axe, browserUnavailable, launchBrowser, type Watched, watch } from '../support/browser.ts';
import { type Pages, servePages } from '../support/pages.ts';
import { sampleList } from '../unit/web/samples.ts';

const screenshots = fileURLToPath(new URL('../../artefacts/screenshots/', import.meta.url));
const names = sampleList.map(([name]) => name);
const widthOf = (page: Page) => page.evaluate('document.documentElement.scrollWidth');

describe.skipIf(browserUnavailable)('every page in every state', () => {
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
    page = await browser.newPage();
    watched = watch(page, pages.origin);
  });

  afterEach(async () => {
    await page.close();
    expect(watched).toEqual({ foreign: [], complaints: [] });
  });

  for (const width of [320, 1280]) {
    test.each(names)(`%s at ${width} px: axe finds nothing, and it fits`, async (name) => {
      await page.setViewportSize({ width, height: 700 });
      await page.goto(`${pages.origin}/${name}`);
      await page.screenshot({ path: `${screenshots}${name}-${width}.png`, fullPage: true });
      for (const summary of await page.locator('summary').all()) await summary.click();
      expect(await axe(page)).toEqual([]);
      expect(await widthOf(page)).toBeLessThanOrEqual(width);
    });
  }

  // WCAG 2.2, 1.4.4 and 1.4.10: text of twice the size on a screen of half the width.
  test.each(names)('%s fits with text of twice the size', async (name) => {
    await page.setViewportSize({ width: 640, height: 700 });
    await page.goto(`${pages.origin}/${name}`);
    await page.evaluate('document.documentElement.style.fontSize = "200%"');
    expect(await widthOf(page)).toBeLessThanOrEqual(640);
  });
});
