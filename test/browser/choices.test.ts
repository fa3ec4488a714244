import { describe, expect, test } from 'vitest';
import { browserUnavailable } from '../support/browser.ts';
import { visitSamples } from '../support/pages.ts';

/** Kind, colours and writing of each choice, in the order of the page. */
const looks = `[...document.querySelectorAll('.assent-choices > *')].map((element) => {
  const style = getComputedStyle(element);
  return [element.tagName, style.backgroundColor, style.color, style.fontSize, style.fontWeight].join(' ');
})`;

describe.skipIf(browserUnavailable)('two answers of the same weight', () => {
  const visit = visitSamples();
  const button = (name: string) => visit.page.getByRole('button', { name, exact: true });

  describe.each([
    ['consent-own', 'Do not allow', 'Allow'],
    ['sign-out-client', 'Sign out', 'Stay signed in'],
  ])('%s: “%s” and “%s” weigh the same', (name, first, second) => {
    /** The places of both buttons, which are the same in all else. */
    async function both(width: number) {
      await visit.page.setViewportSize({ width, height: 900 });
      await visit.open(name);
      const [one, other] = (await visit.page.evaluate(looks)) as string[];
      expect(one).toMatch(/^BUTTON rgb/);
      expect(other).toBe(one);
      const [a, b] = await Promise.all([first, second].map((text) => button(text).boundingBox()));
      if (!a || !b) throw new Error('a button is not to be seen');
      expect(b.width).toBeCloseTo(a.width, 0);
      expect(b.height).toBeCloseTo(a.height, 0);
      expect(Math.min(a.height, a.width)).toBeGreaterThanOrEqual(44);
      return { a, b };
    }

    test('side by side on a wide screen', async () => {
      const { a, b } = await both(1280);
      expect(b.y).toBe(a.y);
      expect(b.x).toBeGreaterThan(a.x + a.width);
    });

    test('one under the other on a narrow one', async () => {
      const { a, b } = await both(320);
      expect(b.x).toBe(a.x);
      expect(b.y).toBeGreaterThan(a.y + a.height);
    });
  });
});
