import { describe, expect, test } from 'vitest';
import { browserUnavailable } from '../support/browser.ts';
import {
  allowAll,
  arrival,
  expectHeading,
  press,
  registerApp,
  signInAs,
  startFlow,
} from '../support/flow.ts';

const over = 'This page is no longer valid';
const question = 'Do you want to let Test Application use your health record?';

describe.skipIf(browserUnavailable)('several browsers, several windows, and going back', () => {
  const flow = startFlow();

  async function begin() {
    const client = await registerApp(flow);
    const page = await flow.person();
    await page.goto(client.request());
    await expectHeading(page, 'Sign in');
    return { client, page };
  }

  test.each([
    ['sign-in', 'Sign in', async () => {}],
    ['consent', question, signInAs],
  ] as const)(
    'SE-02 the address of the %s page opens nothing in another browser, and goes on in its own',
    async (_name, heading, reach) => {
      const { client, page } = await begin();
      await reach(page);
      await expectHeading(page, heading);
      const other = await flow.person();
      const response = await other.goto(page.url());
      expect(response?.status()).toBe(400);
      await expectHeading(other, over);
      await page.reload();
      await expectHeading(page, heading);
      if (heading === 'Sign in') await signInAs(page);
      await press(page, 'Allow');
      expect((await arrival(page, client.redirectUri)).searchParams.has('code')).toBe(true);
    },
  );

  test('back after Allow: a page that can be read, and no second answer', async () => {
    const { client, page } = await begin();
    const first = await allowAll(page, client.redirectUri);
    await page.goBack();
    await expectHeading(page, over);
    await page.goForward();
    expect((await arrival(page, client.redirectUri)).searchParams.get('code')).toBe(
      first.searchParams.get('code'),
    );
    const rows = await flow.server.sql('SELECT id FROM consents WHERE client_id = $1', [client.clientId]);
    expect(rows).toHaveLength(1);
  });

  test('back after Do not allow: a page that can be read, and nothing is allowed', async () => {
    const { client, page } = await begin();
    await signInAs(page);
    await press(page, 'Do not allow');
    await arrival(page, client.redirectUri);
    await page.goBack();
    await expectHeading(page, over);
    const rows = await flow.server.sql('SELECT id FROM consents WHERE client_id = $1', [client.clientId]);
    expect(rows).toEqual([]);
  });

  test('SE-04 back after signing out: nothing of the person is shown any more', async () => {
    const { page } = await begin();
    await signInAs(page);
    await expectHeading(page, question);
    expect(await page.content()).toContain('Aroha');
    await page.goto(`${flow.server.issuer}/session/end`);
    await press(page, 'Sign out');
    await expectHeading(page, 'You are signed out');
    await page.goBack();
    await page.goBack();
    await expectHeading(page, over);
    expect(await page.content()).not.toContain('Aroha');
  });

  test('SE-01 no script of a page can read a cookie', async () => {
    const { page } = await begin();
    await signInAs(page);
    await expectHeading(page, question);
    expect((await page.context().cookies()).length).toBeGreaterThan(0);
    expect(await page.evaluate('document.cookie')).toBe('');
  });

  test('CO-01 a page of another site cannot show ours in a frame', async () => {
    const { client, page } = await begin();
    const answer = { type: 'text/html', body: `<!DOCTYPE html><iframe src="${client.request()}"></iframe>` };
    flow.app.serve('/frame.html', answer);
    flow.expectComplaint(/frame-ancestors|X-Frame-Options|refused to connect|Framing/i);
    await page.goto(`${flow.app.origin}/frame.html`);
    const frame = page.frames().find((one) => one !== page.mainFrame());
    expect(frame).toBeDefined();
    expect(await frame?.getByRole('heading').count()).toBe(0);
  });

  test('back from the consent page to the sign-in page: it can be read, and forward goes on', async () => {
    const { client, page } = await begin();
    await signInAs(page);
    await expectHeading(page, question);
    await page.goBack();
    await expectHeading(page, over);
    await page.goForward();
    await press(page, 'Allow');
    expect((await arrival(page, client.redirectUri)).searchParams.has('code')).toBe(true);
  });

  test('each page can be loaded again, a form that was sent included', async () => {
    const { client, page } = await begin();
    await page.reload();
    await expectHeading(page, 'Sign in');
    await signInAs(page, 'aroha@example.test', 'wrong');
    await page.getByRole('alert').waitFor();
    await page.reload();
    expect(await page.getByRole('alert').textContent()).toContain('The name or the password is not right');
    await signInAs(page);
    await expectHeading(page, question);
    await page.reload();
    await expectHeading(page, question);
    for (const box of await page.getByRole('checkbox').all()) await box.uncheck();
    await press(page, 'Allow');
    await page.getByRole('alert').waitFor();
    await page.reload();
    expect(await page.getByRole('alert').textContent()).toContain('Tick at least one part');
    await page.getByLabel('See vaccinations in this health record').check();
    await press(page, 'Allow');
    expect((await arrival(page, client.redirectUri)).searchParams.has('code')).toBe(true);
  });

  test('two tabs of one application: signing in and allowing in one after the other', async () => {
    const { client, page } = await begin();
    const second = await page.context().newPage();
    await second.goto(client.request());
    const one = await allowAll(page, client.redirectUri);
    await signInAs(second);
    const other = await arrival(second, client.redirectUri);
    const [code, otherCode] = [one, other].map(({ searchParams }) => searchParams.get('code'));
    expect(code).toMatch(/./);
    expect(otherCode).toMatch(/./);
    expect(otherCode).not.toBe(code);
  });

  test('two tabs of two applications, both at the consent page: each gets its own answer', async () => {
    const { client, page } = await begin();
    await signInAs(page);
    const another = await registerApp(flow, [`${flow.app.origin}/bye`], { client_name: 'Second' });
    const second = await page.context().newPage();
    await second.goto(another.request());
    await expectHeading(second, 'Do you want to let Second use your health record?');
    await press(page, 'Allow');
    expect((await arrival(page, client.redirectUri)).searchParams.has('code')).toBe(true);
    await press(second, 'Do not allow');
    const { searchParams } = await arrival(second, another.redirectUri);
    expect(searchParams.get('error')).toBe('access_denied');
  });

  test('another person signs in in the second tab: the first is not allowed by the wrong one', async () => {
    const { client, page } = await begin();
    await signInAs(page);
    const second = await page.context().newPage();
    await second.goto(client.request());
    await press(second, 'Sign in as someone else');
    await signInAs(second, 'mere@example.test');
    await expectHeading(second, 'Someone else was signed in here');
    await press(second, 'Continue');
    await expectHeading(second, question);
    await press(page, 'Allow');
    await expectHeading(page, over);
    const rows = await flow.server.sql<{ account_id: string }>(
      'SELECT account_id FROM consents WHERE client_id = $1',
      [client.clientId],
    );
    expect(rows.map((row) => row.account_id)).not.toContain('mere');
    expect(new URL(page.url()).searchParams.has('code')).toBe(false);
  });
});
