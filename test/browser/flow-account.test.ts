import { describe, expect, test } from 'vitest';
import { audit } from '../support/audit.ts';
import { browserUnavailable } from '../support/browser.ts';
import { allowAll, expectHeading, flowScope, press, registerApp, startFlow } from '../support/flow.ts';
import { authorisationRequest, introspect, type TokenAnswer } from '../support/visitor.ts';

describe.skipIf(browserUnavailable)('a person sees what an application may do, and takes it back', () => {
  const flow = startFlow();

  test('one line, then everything; its tokens and its refresh token know at once', async () => {
    const { server } = flow;
    const { clientId, redirectUri } = await registerApp(flow);
    const page = await flow.person();
    const request = authorisationRequest(server.issuer, {
      client_id: clientId,
      redirect_uri: redirectUri,
      scope: flowScope,
    });
    const ask = async (form: Record<string, string>) => {
      const response = await server.token({ client_id: clientId, ...form });
      return { status: response.status, body: (await response.json()) as TokenAnswer };
    };
    const refresh = (token = '') => ask({ grant_type: 'refresh_token', refresh_token: token });

    await page.goto(request.url);
    const arrived = await allowAll(page, redirectUri);
    const { body: first } = await ask({
      grant_type: 'authorization_code',
      code: arrived.searchParams.get('code') ?? '',
      code_verifier: request.verifier,
      redirect_uri: redirectUri,
    });
    expect((await introspect(server, first.access_token)).active).toBe(true);

    await page.goto(`${server.issuer}/account`);
    await expectHeading(page, 'Your account');
    await audit(page, 'account');
    await page.getByRole('link', { name: 'Applications', exact: true }).click();
    await expectHeading(page, 'Applications');
    await audit(page, 'account-applications');
    await page.getByRole('link', { name: 'Test Application', exact: true }).click();
    await expectHeading(page, 'Test Application');
    await audit(page, 'account-application');

    await page.getByRole('link', { name: /^Take back See vaccinations/ }).click();
    await expectHeading(page, 'Take this back?');
    await audit(page, 'account-take-back-line');
    await press(page, 'Take this back');
    await expectHeading(page, 'Test Application');
    await page.getByText('You took it back. The application can no longer do that.').waitFor();
    await audit(page, 'account-line-taken-back');
    expect((await introspect(server, first.access_token)).active).toBe(false);
    const { status, body: next } = await refresh(first.refresh_token);
    expect(status).toBe(200);
    expect(next.scope.split(' ')).not.toContain('patient/Immunization.rs');
    const found = await introspect(server, next.access_token);
    expect(found.active).toBe(true);
    expect(String(found.scope).split(' ')).toContain('patient/Patient.rs');
    expect(String(found.scope)).not.toContain('Immunization');

    await page.getByRole('link', { name: 'Take everything back' }).click();
    await expectHeading(page, 'Take everything back from Test Application?');
    await audit(page, 'account-take-back');
    await press(page, 'Take everything back');
    await expectHeading(page, 'Applications');
    await page.getByText('No application can use your health record.').waitFor();
    await audit(page, 'account-all-taken-back');
    expect((await introspect(server, next.access_token)).active).toBe(false);
    expect((await refresh(next.refresh_token)).status).toBe(400);

    await page.getByRole('link', { name: 'Activity', exact: true }).click();
    await expectHeading(page, 'Activity');
    await page.getByText('You took something back from Test Application').first().waitFor();
    await audit(page, 'account-activity');
    await page.goBack();
    await expectHeading(page, 'Applications');
  });
});
