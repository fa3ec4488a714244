import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { allowScripts, createSecurityHeaders } from '../../src/web/security-headers.ts';
import { sampleList } from '../unit/web/samples.ts';
import { withPasskeys } from '../unit/web/security-samples.ts';
import { launchBrowser, type Watched, watch } from './browser.ts';
import { pages } from './english.ts';

/** A server of sample pages. */
interface SamplePages {
  readonly origin: string;
  close(): void;
}

/**
 * Serves every sample under its name, such as `/consent-own`, with the style sheets and security headers of the real
 * server. A form that is sent anywhere is answered by a word of plain text.
 */
function servePages(): SamplePages {
  const app = new Koa();
  app.use(createSecurityHeaders({ issuer: 'http://localhost', formAction: ["'self'"] }));
  app.use(pages.assets.middleware);
  app.use((ctx) => {
    const sample = sampleList.find(([name]) => ctx.path === `/${name}`);
    if (ctx.method === 'POST' || ctx.path === '/session/end/success') ctx.body = 'sent';
    else if (sample) {
      if (withPasskeys.has(sample[1]) || 'closing' in sample[2]) allowScripts(ctx);
      pages.render(ctx, sample[1], sample[2]);
    }
  });
  const server: Server = app.listen(0);
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: () => void server.close(),
  };
}

/** The browser page of the test that runs. */
export interface Visit {
  readonly page: Page;
  /** Opens a sample, such as `consent-own`. */
  open(name: string): Promise<void>;
}

/**
 * Registers hooks for a test file: one browser and one server of samples, and for each test a page of its own, which may
 * neither complain on the console nor ask another host.
 */
export function visitSamples(): Visit {
  let served: SamplePages;
  let browser: Browser;
  let page: Page;
  let watched: Watched;

  beforeAll(async () => {
    served = servePages();
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    served?.close();
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    watched = watch(page, served.origin);
  });

  afterEach(async () => {
    await page.close();
    expect(watched).toEqual({ foreign: [], complaints: [] });
  });

  return {
    get page() {
      return page;
    },
    async open(name) {
      await page.goto(`${served.origin}/${name}`);
    },
  };
}
