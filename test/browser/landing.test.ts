import { describe, expect, test } from 'vitest';
import { browserUnavailable } from '../support/browser.ts';
import { visitSamples } from '../support/pages.ts';

describe.skipIf(browserUnavailable)('the first page', () => {
  const visit = visitSamples();

  test('the style sheets and a font are there', async () => {
    await visit.open('landing-demo');
    const style = (selector: string, property: string) =>
      visit.page.evaluate(`getComputedStyle(document.querySelector('${selector}')).${property}`);
    expect(await style('h1', 'fontFamily')).toMatch(/^arial/i);
    expect(await style('header', 'backgroundColor')).toBe('rgb(11, 74, 79)');
    expect((await visit.page.getByRole('heading', { level: 1 }).boundingBox())?.height).toBeGreaterThan(30);
  });

  test('the first Tab shows the skip link, and Enter leads past the header', async () => {
    await visit.open('landing-demo');
    await visit.page.keyboard.press('Tab');
    expect(await visit.page.evaluate('document.activeElement.textContent.trim()')).toBe(
      'Skip to main content',
    );
    const box = await visit.page.getByRole('link', { name: 'Skip to main content' }).boundingBox();
    expect(box?.width).toBeGreaterThan(100);
    await visit.page.keyboard.press('Enter');
    expect(await visit.page.evaluate('document.activeElement.id')).toBe('maincontent');
    await visit.page.keyboard.press('Tab');
    expect(await visit.page.evaluate('document.activeElement.closest("main") !== null')).toBe(true);
  });

  test('scopes open with the keyboard, without script', async () => {
    await visit.open('landing-demo');
    const scopes = visit.page.locator('details').first().getByText('system/Flag.read');
    expect(await scopes.isVisible()).toBe(false);
    await visit.page.locator('summary').first().focus();
    await visit.page.keyboard.press('Enter');
    expect(await scopes.isVisible()).toBe(true);
    expect(await visit.page.locator('script').count()).toBe(0);
  });
});
