import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type * as render from '../../src/web/render.ts';
import { axe } from './browser.ts';

const screenshots = fileURLToPath(new URL('../../artefacts/screenshots/', import.meta.url));
const views = fileURLToPath(new URL('../../views', import.meta.url));

/** Widths of a small phone and of a desk. */
const widths = [320, 1280];

/** Takes a picture of a whole page. On a busy machine Chromium has none for a moment after the window changed its size. */
export async function takePicture(page: Page, path: string): Promise<void> {
  const picture = () => page.screenshot({ path, fullPage: true }).catch(() => undefined);
  await expect.poll(picture, { timeout: 10_000 }).toBeDefined();
}

/**
 * Looks at a page as the server really sent it, narrow and wide: takes a picture (`flow-<name>-<width>.png`), and expects
 * that axe finds nothing, also in what can be opened, and that nothing is wider than the screen.
 */
export async function audit(page: Page, name: string): Promise<void> {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 700 });
    await takePicture(page, `${screenshots}flow-${name}-${width}.png`);
    const closed = page.locator('details:not([open]) > summary');
    while ((await closed.count()) > 0) await closed.first().click();
    expect(await axe(page), `${name} at ${width} px`).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(width);
  }
}

/** Templates that the server of this test file has shown, and their states, such as `sign-in/sign-in.njk wrong`. */
export const shown = new Set<string>();

/** The module of templates as it is, but for noting what is shown: the factory of a `vi.mock` of it. */
export async function noting(load: () => Promise<unknown>): Promise<typeof render> {
  const original = (await load()) as typeof render;
  return {
    ...original,
    createRenderer(options: Parameters<typeof original.createRenderer>[0]) {
      const renderer = original.createRenderer(options);
      return {
        ...renderer,
        render(template: string, model: object) {
          const { kind, problem } = model as { kind?: string; problem?: string };
          shown.add(template).add(`${template} ${kind ?? problem ?? ''}`.trim());
          return renderer.render(template, model);
        },
      };
    },
  };
}

/** All templates that are pages by themselves, below a folder of `views/`. */
export const templatesIn = (folder: string): readonly string[] =>
  globSync(`${folder}*.njk`, { cwd: views })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !file.endsWith('layout.njk'))
    .sort();
