import { describe, expect, test } from 'vitest';
import { startAppServer } from '../support/app-server.ts';
import { browserUnavailable } from '../support/browser.ts';
import { allowAll, arrival, press, registerApp, signInAs, startFlow } from '../support/flow.ts';

/** Chromium holds every redirect after a form to the `form-action` of the page that sent the form. */
describe.skipIf(browserUnavailable)('the way back to the application is open', () => {
  const flow = startFlow();

  test.each([
    ['its only redirect URI', (origin: string) => [`${origin}/cb`]],
    [
      'one of several redirect URIs',
      (origin: string) => ['https://app.example.test/cb', `${origin}/other`, `${origin}/cb`],
    ],
  ])('AZ-05 after Allow: %s', async (_name, uris) => {
    const { request, redirectUri } = await registerApp(flow, uris(flow.app.origin));
    const page = await flow.person();
    await page.goto(request());
    const { searchParams } = await allowAll(page, redirectUri);
    expect([...searchParams.keys()].sort()).toEqual(['code', 'iss', 'state']);
    expect(searchParams.get('iss')).toBe(flow.server.issuer);
  });

  test.each([
    ['Do not allow', 'aroha@example.test', 'Do not allow'],
    ['No health record', 'dev@kete.example', 'Go back to Test Application'],
  ])('AZ-05 after %s', async (_name, identifier, button) => {
    const { request, redirectUri } = await registerApp(flow);
    const page = await flow.person();
    await page.goto(request());
    await signInAs(page, identifier);
    await press(page, button);
    const { searchParams } = await arrival(page, redirectUri);
    expect(searchParams.get('error')).toBe('access_denied');
    expect(searchParams.get('iss')).toBe(flow.server.issuer);
    expect(searchParams.has('code')).toBe(false);
  });

  test('after going back without signing in', async () => {
    const { request, redirectUri } = await registerApp(flow);
    const page = await flow.person();
    await page.goto(request());
    await press(page, 'Go back to Test Application');
    const { searchParams } = await arrival(page, redirectUri);
    expect(searchParams.get('error')).toBe('access_denied');
  });

  test('after signing in, where the decision is remembered', async () => {
    const { request, redirectUri } = await registerApp(flow);
    const first = await flow.person();
    await first.goto(request());
    await allowAll(first, redirectUri);
    const second = await flow.person();
    await second.goto(request());
    await signInAs(second);
    const { searchParams } = await arrival(second, redirectUri);
    expect(searchParams.has('code')).toBe(true);
  });

  test('to an address of IPv6', async ({ skip }) => {
    const app = await startAppServer('::1').catch(() => undefined);
    if (app === undefined) return skip('this machine has no address ::1');
    try {
      flow.allowOrigin(app.origin);
      const { request, redirectUri } = await registerApp(flow, [`${app.origin}/cb`]);
      const page = await flow.person();
      await page.goto(request());
      const { searchParams } = await allowAll(page, redirectUri);
      expect(searchParams.has('code')).toBe(true);
    } finally {
      await app.close();
    }
  });

  test('to an application that leads on to a page of its own', async () => {
    flow.app.serve('/hop', { to: '/cb' });
    const { request } = await registerApp(flow, [`${flow.app.origin}/hop`]);
    const page = await flow.person();
    await page.goto(request());
    await allowAll(page, `${flow.app.origin}/cb`);
  });

  test('to an application whose callback leads on to another origin of its own', async () => {
    const home = await startAppServer();
    try {
      flow.allowOrigin(home.origin);
      flow.app.serve('/away', { to: `${home.origin}/cb` });
      const { request } = await registerApp(flow, [`${flow.app.origin}/away`]);
      const page = await flow.person();
      await page.goto(request());
      await allowAll(page, `${home.origin}/cb`);
    } finally {
      await home.close();
    }
  });

  test('to an application of a device: its own scheme is no violation of the policy', async () => {
    const { request } = await registerApp(flow, ['com.example.kete:/cb'], { application_type: 'native' });
    const page = await flow.person();
    await page.goto(request());
    await signInAs(page);
    const left = page.waitForRequest((one) => one.url().startsWith('com.example.kete:/cb?code='));
    flow.allowOrigin('null');
    await press(page, 'Allow');
    await left;
  });

  test.each([
    ['an application on the web', 'https://app.example.test/cb', 'web', "'self' https:"],
    ['an application on this machine', 'http://127.0.0.1:8090/cb', 'web', "'self' http://127.0.0.1:*"],
    ['an application of a device', 'com.example.kete:/cb', 'native', "'self' com.example.kete:"],
  ])('and no further than it needs to be: %s', async (_name, uri, applicationType, targets) => {
    const { request } = await registerApp(flow, [uri], {
      application_type: applicationType,
      post_logout_redirect_uris: [],
    });
    const page = await flow.person();
    const policyOf = async (url: string) =>
      (await page.goto(url))?.headers()['content-security-policy']?.split(';') ?? [];
    expect(await policyOf(request())).toContain(`form-action ${targets}`);
    expect(await policyOf(`${flow.server.issuer}/`)).toContain("form-action 'self'");
  });
});
