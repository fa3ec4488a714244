import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { browserUnavailable } from '../support/browser.ts';
import {
  allowAll,
  arrival,
  expectHeading,
  type FlowClient,
  flowScope,
  press,
  registerApp,
  signInAs,
  startFlow,
} from '../support/flow.ts';

const require = createRequire(import.meta.url);
const library = join(dirname(require.resolve('fhirclient/package.json')), 'build/fhir-client.min.js');

/** What the page's own script does once a person is back. */
const inPage = {
  patient: `FHIR.oauth2.ready().then((client) => client.patient.read())`,
  immunisations: `FHIR.oauth2.ready().then((client) => client.patient.request('Immunization'))`,
  appointments: `FHIR.oauth2.ready().then((client) => client.patient.request('Appointment')).then(
    () => 200, (error) => error.statusCode ?? error.status)`,
  user: `FHIR.oauth2.ready().then((client) => client.user.fhirUser)`,
  tokens: `FHIR.oauth2.ready().then((client) => client.state.tokenResponse)`,
  refresh: `FHIR.oauth2.ready().then((client) => client.refresh()).then((state) => state.tokenResponse)`,
};

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly scope: string;
  readonly patient: string;
}

describe.skipIf(browserUnavailable)('fhirclient in a page of its own origin', () => {
  const flow = startFlow();

  beforeAll(() => {
    flow.app.serve('/fhir-client.min.js', { type: 'text/javascript', body: readFileSync(library, 'utf8') });
    // Left to itself the library renews without saying who it is, which a public client has to (RFC 6749 section 6).
    const scripts = `<script src="/fhir-client.min.js"></script>
      <script>FHIR.oauth2.settings.refreshTokenWithClientId = true</script>`;
    const body = `<!DOCTYPE html><html lang="en"><title>Application</title>${scripts}</html>`;
    flow.app.serve('/app.html', { type: 'text/html', body });
  });

  /** Starts a standalone launch by the library itself; its address of return is the same page. */
  async function launch(page: Page, { clientId, redirectUri }: FlowClient, scope = flowScope): Promise<void> {
    await page.goto(redirectUri);
    const request = {
      iss: `${flow.server.issuer}/demo/fhir/r4`,
      clientId,
      scope,
      redirectUri,
      pkceMode: 'required',
    };
    // The page goes away while this runs.
    await page.evaluate(`void FHIR.oauth2.authorize(${JSON.stringify(request)})`);
    await page.waitForURL(`${flow.server.issuer}/interaction/**`);
  }

  async function launched(): Promise<Page> {
    const client = await registerApp(flow, [`${flow.app.origin}/app.html`]);
    const page = await flow.person();
    await launch(page, client);
    await allowAll(page, client.redirectUri);
    return page;
  }

  test('a standalone launch: the patient and her immunisations are read across origins', async () => {
    const page = await launched();
    expect(await page.evaluate(inPage.patient)).toMatchObject({ resourceType: 'Patient', id: 'p-aroha' });
    expect(await page.evaluate(inPage.immunisations)).toMatchObject({ resourceType: 'Bundle', total: 3 });
    expect(await page.evaluate(inPage.user)).toMatch(/Patient\/p-aroha$/);
    const { scope, patient } = (await page.evaluate(inPage.tokens)) as Tokens;
    expect({ scope, patient }).toEqual({ scope: flowScope, patient: 'p-aroha' });
  });

  test('it renews its access, more than once, and reads on', async () => {
    const page = await launched();
    const first = (await page.evaluate(inPage.tokens)) as Tokens;
    const second = (await page.evaluate(inPage.refresh)) as Tokens;
    const third = (await page.evaluate(inPage.refresh)) as Tokens;
    expect(new Set([first, second, third].map((one) => one.access_token)).size).toBe(3);
    expect(new Set([first, second, third].map((one) => one.refresh_token)).size).toBe(3);
    expect(third).toMatchObject({ scope: flowScope, patient: 'p-aroha' });
    expect(await page.evaluate(inPage.patient)).toMatchObject({ id: 'p-aroha' });
  });

  test('without its client_id it is refused, and may not even read why', async () => {
    const page = await launched();
    await page.evaluate('FHIR.oauth2.settings.refreshTokenWithClientId = false');
    flow.expectComplaint(/blocked by CORS policy|net::ERR_FAILED/);
    await expect(page.evaluate(inPage.refresh)).rejects.toThrow('Network request failed');
    expect(await page.evaluate(inPage.patient)).toMatchObject({ id: 'p-aroha' });
  });

  test('the page can be loaded again: the code is not used a second time', async () => {
    const page = await launched();
    const before = (await page.evaluate(inPage.tokens)) as Tokens;
    await page.reload();
    expect(await page.evaluate(inPage.tokens)).toMatchObject({ access_token: before.access_token });
  });

  test('a line that was not ticked stays closed', async () => {
    const client = await registerApp(flow, [`${flow.app.origin}/app.html`]);
    const page = await flow.person();
    await launch(page, client, `${flowScope} patient/Appointment.rs`);
    await signInAs(page);
    await page.getByLabel('appointments').uncheck();
    await press(page, 'Allow');
    await arrival(page, client.redirectUri);
    const { scope } = (await page.evaluate(inPage.tokens)) as Tokens;
    expect(scope).toBe(flowScope);
    expect(await page.evaluate(inPage.patient)).toMatchObject({ id: 'p-aroha' });
    flow.expectComplaint(/status of 403 /);
    expect(await page.evaluate(inPage.appointments)).toBe(403);
  });

  test('a scope that the application does not have ends at the application, with the reason', async () => {
    const client = await registerApp(flow, [`${flow.app.origin}/app.html`]);
    const page = await flow.person();
    await page.goto(client.redirectUri);
    await page.goto(client.request({ scope: `${flowScope} user/Patient.rs` }));
    const { searchParams } = new URL(page.url());
    expect(searchParams.get('error')).toBe('invalid_scope');
    expect(searchParams.get('iss')).toBe(flow.server.issuer);
  });

  test('a page of another origin cannot use the client: its exchange is unreadable there', async () => {
    const client = await registerApp(flow, ['https://app.example.test/app.html']);
    const page = await flow.person();
    await page.goto(`${flow.app.origin}/cb`);
    flow.expectComplaint(/blocked by CORS policy|net::ERR_FAILED/);
    const answer = await page.evaluate(`fetch('${flow.server.issuer}/token', {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x', client_id: '${client.clientId}' }),
    }).then((response) => response.status, (error) => error.name)`);
    expect(answer).toBe('TypeError');
    await expectHeading(page, 'Arrived');
  });
});
