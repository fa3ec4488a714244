import { describe, expect, test } from 'vitest';
import { browserUnavailable } from '../support/browser.ts';
import { visitSamples } from '../support/pages.ts';

describe.skipIf(browserUnavailable)('what the forms send, without script', () => {
  const visit = visitSamples();

  const button = (name: string) => visit.page.getByRole('button', { name, exact: true });
  const focused = () => visit.page.evaluate('document.activeElement.id');

  /** What a form sends, as the server reads it. */
  type Sent = { path: string; body: [string, string][] };

  async function sent(act: () => Promise<void>): Promise<Sent> {
    const [request] = await Promise.all([visit.page.waitForRequest((one) => one.method() === 'POST'), act()]);
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
    await visit.open('sign-in-first');
    const identifier = visit.page.getByLabel('Email address or user name');
    const password = visit.page.getByLabel('Password');
    await identifier.fill('aroha@example.test');
    await password.fill('kereru sings at dawn');
    expect(await identifier.getAttribute('autocomplete')).toBe('username webauthn');
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
    await visit.open('sign-in-first');
    expect((await press('Sign in')).body).toEqual([csrf, ['identifier', ''], ['password', '']]);
  });

  test('going back without signing in sends neither name nor password', async () => {
    await visit.open('sign-in-wrong');
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
    ['sign-in-limited', 'There were too many tries. Wait 15 minutes, then try again.', 'password'],
    ['sign-in-limited-minute', 'There were too many tries. Wait 1 minute, then try again.', 'password'],
    [
      'consent-nothing-chosen',
      'Tick at least one part of the health record, or choose “Do not allow”',
      'line',
    ],
    ['role-nothing-chosen', 'Choose the role you are working in', 'role'],
  ])('%s: “%s” comes first, and leads to its field', async (name, message, field) => {
    await visit.open(name);
    expect(await visit.page.title()).toMatch(/^Error: /);
    await visit.page.locator('.nhsuk-error-summary:focus').waitFor();
    await visit.page.getByRole('alert').getByRole('link', { name: message }).press('Enter');
    await visit.page.waitForURL(`**#${field}`);
    expect(await focused()).toBe(field);
    expect(await visit.page.locator(`#${field}-error`).innerText()).toContain(message);
    expect(await visit.page.locator(`[aria-describedby~="${field}-error"]`).count()).toBe(1);
  });

  test.each(['sign-in-first', 'role-several', 'consent-own'])(
    '%s: nothing is called an error',
    async (name) => {
      await visit.open(name);
      expect(await visit.page.title()).not.toContain('Error');
      expect(await visit.page.getByRole('alert').count()).toBe(0);
    },
  );

  test('what the person typed is kept, but for the password', async () => {
    await visit.open('sign-in-wrong');
    expect(await visit.page.getByLabel('Email address or user name').inputValue()).toBe('aroha@example.test');
    expect(await visit.page.getByLabel('Password').inputValue()).toBe('');
  });

  const roles = () =>
    visit.page.getByRole('group', { name: 'Your roles at Fernhill Hospital' }).getByRole('radio');

  test('a role is chosen with the keyboard alone, from a named group in which none was chosen before', async () => {
    await visit.open('role-several');
    expect(await roles().count()).toBe(2);
    expect(await visit.page.locator('input:checked').count()).toBe(0);
    await roles().first().press('ArrowDown');
    expect(await focused()).toBe('role-2');
    expect(await roles().last().isChecked()).toBe(true);
    expect(await sent(() => roles().last().press('Enter'))).toEqual({
      path: '/interaction/abc/role',
      body: [csrf, ['role', 'role-2']],
    });
  });

  test('going on without a role is sent, so that the server can say what is missing', async () => {
    await visit.open('role-several');
    expect(await press('Continue')).toEqual({ path: '/interaction/abc/role', body: [csrf] });
  });

  test('somebody else can sign in, and going back sends no role', async () => {
    await visit.open('role-several');
    await roles().first().check();
    expect(await press('Sign in as someone else')).toEqual({
      path: '/interaction/abc/role',
      body: [csrf, ['decision', 'switch']],
    });
    await visit.open('role-several');
    await roles().first().check();
    expect(await press('Go back to Fernhill Ward App')).toEqual({
      path: '/interaction/abc/cancel',
      body: [csrf],
    });
  });

  test('roles of the same name are told apart by what is said of each', async () => {
    await visit.open('role-same-name');
    const same = visit.page.getByRole('radio', { name: 'Kaimahi hauora – Health Professional' });
    const said = await same.evaluateAll((radios) =>
      radios.map((one) =>
        one.ownerDocument.getElementById(one.getAttribute('aria-describedby') ?? '')?.textContent?.trim(),
      ),
    );
    expect(said).toEqual(['Role profile 100000000203', 'Role profile 100000000204']);
  });

  test('allowing sends what is required and what is ticked', async () => {
    await visit.open('consent-own');
    await visit.page.getByLabel('See vaccinations in this health record').uncheck();
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
    await visit.open('consent-own');
    expect(decision((await press('Do not allow')).body)).toEqual(['deny']);
  });

  test.each(['consent-own', 'no-record-first'])('%s: somebody else can sign in', async (name) => {
    await visit.open(name);
    expect(await press('Sign in as someone else')).toEqual({
      path: '/interaction/abc',
      body: [csrf, ['decision', 'switch']],
    });
  });

  test('the Enter key in a tick box allows nothing', async () => {
    await visit.open('consent-own');
    const { body } = await sent(() =>
      visit.page.getByLabel('See vaccinations in this health record').press('Enter'),
    );
    expect(decision(body)).toEqual(['deny']);
  });

  test('without a record there is one way: back', async () => {
    await visit.open('no-record-first');
    expect(await press('Go back to Kete Health')).toEqual({
      path: '/interaction/abc',
      body: [csrf, ['decision', 'deny']],
    });
  });

  test('“Sign out” sends the library’s own form', async () => {
    await visit.open('sign-out-client');
    expect(await press('Sign out')).toEqual({
      path: '/session/end/confirm',
      body: [
        ['xsrf', 'secret'],
        ['logout', 'yes'],
      ],
    });
  });

  test('“Stay signed in” sends nothing to the library, whose answer would end the application’s access', async () => {
    await visit.open('sign-out-client');
    const [request] = await Promise.all([
      visit.page.waitForRequest((one) => one.url().includes('/session/end/')),
      button('Stay signed in').click(),
    ]);
    expect(request.method()).toBe('GET');
    const { pathname, search } = new URL(request.url());
    expect(pathname + search).toBe('/session/end/success?client_id=kete-web');
  });

  test('continuing sends on what the page was given', async () => {
    await visit.open('continue-switch');
    expect(await press('Continue')).toEqual({
      path: '/session/end/confirm',
      body: [
        ['xsrf', 'secret'],
        ['logout', 'yes'],
      ],
    });
  });
});
