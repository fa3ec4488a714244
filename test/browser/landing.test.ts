import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAssets } from '../../src/web/assets.ts';
import { createLanding } from '../../src/web/landing.ts';
import { createRenderer } from '../../src/web/render.ts';
import { createSecurityHeaders } from '../../src/web/security-headers.ts';
import { axe, browserUnavailable, launchBrowser, type Watched, watch } from '../support/browser.ts';
import { demoModel, productionModel } from '../unit/web/model.ts';

/** The first page, the same in production, and for every other path the error page. */
function createApp(issuer: string): Koa {
  const assets = createAssets();
  const { render } = createRenderer({ locale: 'en', assets });
  const app = new Koa();
  app.use(createSecurityHeaders({ issuer, formAction: ["'self'"] }));
  app.use(assets.middleware);
  app.use(createLanding({ render, model: async () => demoModel }));
  app.use((ctx) => {
    ctx.type = 'html';
    ctx.body =
      ctx.path === '/production'
        ? render('landing.njk', productionModel)
        : render('error.njk', { kind: 'expired', incident: '01JZX6M2' });
  });
  return app;
}

describe.skipIf(browserUnavailable)('pages without a person signed in', () => {
  let browser: Browser;
  let server: Server;
  let origin: string;
  let page: Page;
  let watched: Watched;

  beforeAll(async () => {
    server = createApp('http://localhost').listen(0);
    origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    watched = watch(page, origin);
  });

  afterEach(async () => {
    await page.close();
    expect(watched).toEqual({ foreign: [], complaints: [] });
  });

  for (const path of ['/', '/production', '/error']) {
    for (const width of [1280, 320]) {
      test(`${path} at ${width} px: axe finds nothing, and nothing has to be scrolled sideways`, async () => {
        await page.setViewportSize({ width, height: 700 });
        await page.goto(origin + path);
        for (const summary of await page.locator('summary').all()) await summary.click();
        expect(await axe(page)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        await screenshot(page, `${path.slice(1) || 'landing'}-${width}`);
      });
    }
  }

  test('the style sheets and a font are there', async () => {
    await page.goto(origin);
    const style = (selector: string, property: string) =>
      page.evaluate(`getComputedStyle(document.querySelector('${selector}')).${property}`);
    expect(await style('h1', 'fontFamily')).toMatch(/^arial/i);
    expect(await style('header', 'backgroundColor')).toBe('rgb(11, 74, 79)');
    expect((await page.getByRole('heading', { level: 1 }).boundingBox())?.height).toBeGreaterThan(30);
  });

  test('the first Tab shows the skip link, and Enter leads past the header', async () => {
    await page.goto(origin);
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
    await page.goto(origin);
    const scopes = page.locator('details').first().getByText('system/Flag.read');
    expect(await scopes.isVisible()).toBe(false);
    await page.locator('summary').first().focus();
    await page.keyboard.press('Enter');
    expect(await scopes.isVisible()).toBe(true);
    expect(await page.locator('script').count()).toBe(0);
  });
});

/** For a look by eye: SCREENSHOTS=folder. */
async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}
