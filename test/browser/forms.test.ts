import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { browserUnavailable, launchBrowser, type Watched, watch } from '../support/browser.ts';
import { type Pages, servePages } from '../support/pages.ts';

describe.skipIf(browserUnavailable)('what the forms send, without script', () => {
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

  const open = (name: string) => page.goto(`${pages.origin}/${name}`);
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const focused = () => page.evaluate('document.activeElement.id');

  /** What a form sends, as the server reads it. */
  type Sent = { path: string; body: [string, string][] };

  async function sent(act: () => Promise<void>): Promise<Sent> {
    const [request] = await Promise.all([page.waitForRequest((one) => one.method() === 'POST'), act()]);
    return {
      path: new URL(request.url()).pathname,
      body: [...new URLSearchParams(request.postData() ?? '')],
    };
  }

  const press = (name: string) => sent(() => button(name).click());
  const decision = (body: Sent['body']) =>
    body.flatMap(([name, value]) => (name === 'decision' ? value : []));

  const csrf: [string, string] = ['csrf', 'csrf-of-the-page'];
  const required: [string, string][] = [
    ['line', 'openid'],
    ['line', 'profile'],
    ['line', 'launch/patient'],
  ];

  test('signing in sends name and password; the fields say to a password manager what they are', async () => {
    await open('sign-in-first');
    const identifier = page.getByLabel('Email address or user name');
    const password = page.getByLabel('Password');
    await identifier.fill('aroha@example.test');
    await password.fill('kereru sings at dawn');
    expect(await identifier.getAttribute('autocomplete')).toBe('username');
    expect(await identifier.getAttribute('autocapitalize')).toBe('none');
    expect(await identifier.getAttribute('spellcheck')).toBe('false');
    expect(await password.getAttribute('autocomplete')).toBe('current-password');
    expect(await password.getAttribute('type')).toBe('password');
    expect(await press('Sign in')).toEqual({
      path: '/interaction/abc',
      body: [csrf, ['identifier', 'aroha@example.test'], ['password', 'kereru sings at dawn']],
    });
  });

  test('an empty form is sent, so that the server can say what is missing', async () => {
    await open('sign-in-first');
    expect((await press('Sign in')).body).toEqual([csrf, ['identifier', ''], ['password', '']]);
  });

  test('going back without signing in sends neither name nor password', async () => {
    await open('sign-in-wrong');
    expect(await press('Go back to Kete Health')).toEqual({ path: '/interaction/abc/cancel', body: [csrf] });
  });

  test.each([
    ['sign-in-missing', 'Enter your email address or user name', 'identifier'],
    ['sign-in-missing', 'Enter your password', 'password'],
    ['sign-in-missing-password', 'Enter your password', 'password'],
    ['sign-in-wrong', 'The name or the password is not right. Check both and try again.', 'identifier'],
    [
      'sign-in-busy',
      'We cannot check your password just now. Wait a minute, then type it again.',
      'password',
    ],
    ['consent-nothing-chosen', 'Tick at least one thing, or choose “Do not allow”', 'line'],
  ])('%s: “%s” comes first, and leads to its field', async (name, message, field) => {
    await open(name);
    expect(await page.title()).toMatch(/^Error: /);
    await page.locator('.nhsuk-error-summary:focus').waitFor();
    await page.getByRole('alert').getByRole('link', { name: message }).press('Enter');
    await page.waitForURL(`**#${field}`);
    expect(await focused()).toBe(field);
    expect(await page.locator(`#${field}-error`).innerText()).toContain(message);
    expect(await page.locator(`[aria-describedby~="${field}-error"]`).count()).toBe(1);
  });

  test.each(['sign-in-first', 'consent-own'])('%s: nothing is called an error', async (name) => {
    await open(name);
    expect(await page.title()).not.toContain('Error');
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  test('what the person typed is kept, but for the password', async () => {
    await open('sign-in-wrong');
    expect(await page.getByLabel('Email address or user name').inputValue()).toBe('aroha@example.test');
    expect(await page.getByLabel('Password').inputValue()).toBe('');
  });

  test('allowing sends what is required and what is ticked', async () => {
    await open('consent-own');
    await page.getByLabel('See vaccinations in this health record').uncheck();
    expect(await press('Allow')).toEqual({
      path: '/interaction/abc',
      body: [
        csrf,
        ...required,
        ['line', 'patient/Patient.rs'],
        ['line', 'patient/*.rs'],
        ['line', 'offline_access'],
        ['decision', 'allow'],
      ],
    });
  });

  test('not allowing says so', async () => {
    await open('consent-own');
    expect(decision((await press('Do not allow')).body)).toEqual(['deny']);
  });

  test.each(['consent-own', 'no-record-first'])('%s: somebody else can sign in', async (name) => {
    await open(name);
    expect(await press('Sign in as someone else')).toEqual({
      path: '/interaction/abc',
      body: [csrf, ['decision', 'switch']],
    });
  });

  test('the Enter key in a tick box allows nothing', async () => {
    await open('consent-own');
    const { body } = await sent(() =>
      page.getByLabel('See vaccinations in this health record').press('Enter'),
    );
    expect(decision(body)).toEqual(['deny']);
  });

  test('without a record there is one way: back', async () => {
    await open('no-record-first');
    expect(await press('Go back to Kete Health')).toEqual({
      path: '/interaction/abc',
      body: [csrf, ['decision', 'deny']],
    });
  });

  test.each([
    ['Sign out', [['logout', 'yes']]],
    ['Stay signed in', []],
  ])('“%s” sends the library’s own form', async (name, answer) => {
    await open('sign-out-client');
    expect(await press(name)).toEqual({
      path: '/session/end/confirm',
      body: [['xsrf', 'secret'], ...answer],
    });
  });

  test('continuing sends on what the page was given', async () => {
    await open('continue-switch');
    expect(await press('Continue')).toEqual({
      path: '/session/end/confirm',
      body: [
        ['xsrf', 'secret'],
        ['logout', 'yes'],
      ],
    });
  });

  describe.each([
    ['consent-own', 'Do not allow', 'Allow'],
    ['sign-out-client', 'Sign out', 'Stay signed in'],
  ])('%s: “%s” and “%s” weigh the same', (name, first, second) => {
    /** Place, size and colours of both buttons. */
    async function both(width: number) {
      await page.setViewportSize({ width, height: 900 });
      await open(name);
      const looks = await Promise.all(
        [first, second].map((text) =>
          button(text).evaluate(
            'e => { const s = getComputedStyle(e); return [e.tagName, s.backgroundColor, s.color, s.fontSize, s.fontWeight]; }',
          ),
        ),
      );
      expect(looks[0]).toEqual(looks[1]);
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
