import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { takePicture } from '../support/audit.ts';
import { axe, browserUnavailable } from '../support/browser.ts';
import { visitSamples } from '../support/pages.ts';
import { sampleList } from '../unit/web/samples.ts';

const screenshots = fileURLToPath(new URL('../../artefacts/screenshots/', import.meta.url));
const names = sampleList.map(([name]) => name);

describe.skipIf(browserUnavailable)('every page in every state', () => {
  const visit = visitSamples();
  const width = () => visit.page.evaluate('document.documentElement.scrollWidth');

  for (const screen of [320, 1280]) {
    test.each(names)(`%s at ${screen} px: axe finds nothing, and it fits`, async (name) => {
      await visit.page.setViewportSize({ width: screen, height: 700 });
      await visit.open(name);
      await takePicture(visit.page, `${screenshots}${name}-${screen}.png`);
      for (const summary of await visit.page.locator('summary').all()) await summary.click();
      expect(await axe(visit.page)).toEqual([]);
      expect(await width()).toBeLessThanOrEqual(screen);
    });
  }

  // WCAG 2.2, 1.4.4 and 1.4.10: text of twice the size on a screen of half the width.
  test.each(names)('%s fits with text of twice the size', async (name) => {
    await visit.page.setViewportSize({ width: 640, height: 700 });
    await visit.open(name);
    await visit.page.evaluate('document.documentElement.style.fontSize = "200%"');
    expect(await width()).toBeLessThanOrEqual(640);
  });
});
