import type { ElementHandle, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** Most stops of the Tab key on one page. */
const MOST_STOPS = 60;

/** How far the next stop may lie above the one before, in pixels, and still be read after it: they share a line. */
const SAME_LINE = 24;

/** A screen in which little fits: what has the focus must be scrolled into it. In pixels. */
const phone = { width: 320, height: 568 };

/** What is used here of an element of a page. */
interface Focusable {
  blur(): void;
  focus(options: { preventScroll: boolean }): void;
}

/** One place where the Tab key stops. */
interface Stop {
  /** What it is, for explaining a failure. */
  readonly name: string;
  /** Its place among all elements of the page. */
  readonly place: number;
  /** Its upper edge from the top of the page, in pixels. */
  readonly top: number;
  /** Whether all of it is on the screen, but for what is larger than the screen. */
  readonly inside: boolean;
  /** Whether another part of the page lies over its middle. */
  readonly covered: boolean;
}

/** Looks at what has the focus: runs in the page, and gives `undefined` where nothing has it. */
const look = `(() => {
  const part = document.activeElement;
  if (!part || part === document.body || part === document.documentElement) return undefined;
  const { left, top, right, bottom, width, height } = part.getBoundingClientRect();
  const middle = document.elementFromPoint((left + right) / 2, (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2);
  const labels = [...(part.labels ?? [])];
  const own = middle && (part.contains(middle) || middle.contains(part) || labels.some((one) => one.contains(middle)));
  return {
    name: part.tagName.toLowerCase() + ' “' + (part.id || part.textContent.trim().slice(0, 40)) + '”',
    place: [...document.querySelectorAll('*')].indexOf(part),
    top: top + scrollY,
    inside: left >= 0 && right <= innerWidth + 0.5 && (height > innerHeight || (top >= -0.5 && bottom <= innerHeight + 0.5)) && width > 0,
    covered: !own,
  };
})()`;

const focused = (page: Page) => page.evaluate(look) as Promise<Stop | undefined>;

/**
 * Whether the eye finds what has the focus (WCAG 2.4.7): the screen must look otherwise without it. The shadow that a button
 * has anyway is no sign, so that styles alone prove nothing.
 */
export async function focusIsSeen(page: Page): Promise<boolean> {
  const part = (await page.evaluateHandle('document.activeElement')) as ElementHandle<Focusable>;
  const within = await page.screenshot({ animations: 'disabled' });
  await part.evaluate((element) => element.blur());
  const without = await page.screenshot({ animations: 'disabled' });
  await part.evaluate((element) => element.focus({ preventScroll: true }));
  return !within.equals(without);
}

/**
 * Goes over a page with Tab from where the focus is to its end, and back with Shift+Tab, on the screen of a small phone.
 * Expects of each stop that it is seen to have the focus (WCAG 2.4.7), lies on the screen and under nothing else (2.4.11),
 * and comes in the order in which the page is read (2.4.3); on the way back the same stops come in turn, so that nothing
 * keeps the focus (2.1.2).
 */
export async function walk(page: Page, name: string): Promise<void> {
  await page.setViewportSize(phone);
  const stops: Stop[] = [];
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    await page.keyboard.press('Tab');
    const here = await focused(page);
    if (here === undefined) break;
    const about = `${name}: ${here.name}`;
    expect(await focusIsSeen(page), `${about} is seen to have the focus`).toBe(true);
    expect(here, about).toMatchObject({ inside: true, covered: false });
    const before = stops.at(-1);
    expect(here.place, `${about} comes after ${before?.name}`).toBeGreaterThan(before?.place ?? -1);
    expect(here.top, `${about} lies below ${before?.name}`).toBeGreaterThan((before?.top ?? 0) - SAME_LINE);
    stops.push(here);
  }
  expect(stops.length, `${name}: stops`).toBeGreaterThan(1);
  expect(stops.length, `${name}: Tab comes to an end`).toBeLessThan(MOST_STOPS);
  const back: (number | undefined)[] = [];
  for (const _ of stops) {
    await page.keyboard.press('Shift+Tab');
    back.push((await focused(page))?.place);
  }
  expect(back, `${name}: back with Shift+Tab`).toEqual(stops.map(({ place }) => place).reverse());
}

/** Presses Tab until the focus is on a part. @throws when the focus never gets there */
export async function tabToPart(page: Page, wanted: Locator): Promise<void> {
  const handle = await wanted.elementHandle();
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    await page.keyboard.press('Tab');
    if (await handle?.evaluate((element) => element === element.ownerDocument.activeElement)) return;
  }
  throw new Error(`Tab does not lead to ${wanted}`);
}

/** Presses Tab until the focus is on a part of this role and name. @throws when the focus never gets there */
export function tabTo(
  page: Page,
  role: 'button' | 'checkbox' | 'link' | 'textbox',
  name: string | RegExp,
): Promise<void> {
  return tabToPart(
    page,
    role === 'textbox' ? page.getByLabel(name, { exact: true }) : page.getByRole(role, { name, exact: true }),
  );
}

/** Goes to a field with Tab, and types. */
export async function type(page: Page, field: string, text: string): Promise<void> {
  await tabTo(page, 'textbox', field);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(text);
}

/**
 * Expects that the message about what is wrong has the focus, walks from there over the whole page, and goes from the
 * message's link to the field that it names.
 */
export async function followProblem(page: Page, fieldId: string): Promise<void> {
  await page.locator('.nhsuk-error-summary:focus').waitFor();
  expect(await page.title()).toMatch(/^Error: /);
  await walk(page, `what is wrong with ${fieldId}`);
  await page.locator('.nhsuk-error-summary a:focus').waitFor();
  await page.keyboard.press('Enter');
  await page.locator(`#${fieldId}:focus`).waitFor();
}
