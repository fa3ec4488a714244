import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { importSource } from '../integration/upstream/elsewhere.ts';
import { audit, shown, templatesIn } from '../support/audit.ts';
import { browserUnavailable } from '../support/browser.ts';
import {
  arrival,
  expectHeading,
  type Flow,
  type FlowClient,
  flowScope,
  press,
  registerApp,
  signInAs,
  startFlow,
  typeCode,
} from '../support/flow.ts';
import { wardChange } from '../support/practitioner.ts';
import { authorisationRequest } from '../support/visitor.ts';

vi.mock('../../src/web/render.ts', async (load) => (await import('../support/audit.ts')).noting(load));

const own = 'Do you want to let Test Application use your health record?';

/** What a way to a page goes on. */
interface Way {
  readonly flow: Flow;
  readonly page: Page;
  readonly client: FlowClient;
}

/** Opens an address of Assent. */
const open = ({ flow, page }: Way, path: string) => page.goto(`${flow.server.issuer}${path}`);

async function begin({ page, client }: Way): Promise<void> {
  await page.goto(client.request());
  await expectHeading(page, 'Sign in');
}

async function toConsent(way: Way): Promise<void> {
  await begin(way);
  await signInAs(way.page);
  await expectHeading(way.page, own);
}

/** Dr Shah at the application of the ward, which wants a code. */
async function toCode({ flow, page }: Way): Promise<void> {
  const request = { ...wardChange, redirect_uri: 'http://127.0.0.1:8090/cb' };
  await page.goto(authorisationRequest(flow.server.issuer, request).url);
  await signInAs(page, 'priya@example.test');
  await expectHeading(page, 'Type the code from your app');
}

/** She has two roles at its hospital. */
async function toRole(way: Way): Promise<void> {
  await toCode(way);
  await typeCode(way.page, way.flow.server.issuer);
  await expectHeading(way.page, 'Which role are you working in?');
}

/** Test results are asked for, which a password does not open. */
async function toTestResults({ page, client }: Way, identifier: string): Promise<void> {
  await page.goto(client.request({ scope: `${flowScope} patient/Observation.rs` }));
  await signInAs(page, identifier);
}

/** An identity source that there is: the application's own web server says what one would. */
async function startSource({ server, app }: Flow): Promise<void> {
  const issuer = app.origin;
  const document = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    authorization_response_iss_parameter_supported: true,
  };
  app.serve('/.well-known/openid-configuration', {
    type: 'application/json',
    body: JSON.stringify(document),
  });
  app.serve('/authorize', {
    type: 'text/html',
    body: '<!DOCTYPE html><title>Elsewhere</title><h1>Elsewhere</h1>',
  });
  const source = { id: 'elsewhere', name: 'Elsewhere', issuer, client_id: 'assent', id_token_alg: 'ES256' };
  await importSource(server, source);
}

async function toSignOut(way: Way, query = ''): Promise<void> {
  await toConsent(way);
  await open(way, `/session/end${query}`);
  await expectHeading(way.page, 'Do you want to sign out?');
}

/** Fills the form token of the page with another value, as a page that was changed on its way. */
const spoilForm = (page: Page) => page.evaluate(`document.querySelector('[name=csrf]').value = 'changed'`);

/** Each page with the way to it: its name, its heading, what it shows, and how a person gets there. */
const pages: readonly (readonly [string, string, string, (way: Way) => Promise<unknown>])[] = [
  ['landing', 'Who may act on whose health record?', 'landing.njk', (way) => open(way, '/')],
  ['sign-in', 'Sign in', 'sign-in/sign-in.njk none', begin],
  [
    'sign-in-missing',
    'Sign in',
    'sign-in/sign-in.njk missing',
    async (way) => {
      await begin(way);
      await signInAs(way.page, '', '');
      await way.page.getByRole('alert').waitFor();
    },
  ],
  [
    'sign-in-wrong',
    'Sign in',
    'sign-in/sign-in.njk wrong',
    async (way) => {
      await begin(way);
      await signInAs(way.page, 'aroha@example.test', 'wrong');
      await way.page.getByRole('alert').waitFor();
    },
  ],
  [
    'sign-in-limited',
    'Sign in',
    'sign-in/sign-in.njk limited',
    async (way) => {
      await begin(way);
      for (let n = 1; n <= 5; n += 1) {
        const answered = way.page.waitForEvent('load');
        await signInAs(way.page, 'nobody@example.test', `wrong ${n}`);
        await answered;
      }
    },
  ],
  ['code', 'Type the code from your app', 'sign-in/code.njk none', toCode],
  [
    'no-passkey',
    'You need a passkey for this',
    'sign-in/no-passkey.njk none',
    async (way) => {
      await toTestResults(way, 'aroha@example.test');
      await typeCode(way.page, way.flow.server.issuer);
    },
  ],
  [
    'passkey',
    'Use your passkey',
    'sign-in/passkey.njk none',
    async (way) => {
      await way.flow.server.sql(
        `INSERT INTO passkeys (id, account_id, public_key, counter, transports, synced, name, created_at)
         VALUES ('another', 'wiremu', '', 0, '[]', true, 'At home', '2026-01-01')`,
      );
      await toTestResults(way, 'wiremu@example.test');
    },
  ],
  [
    'more-time',
    'Do you need more time?',
    'sign-in/more-time.njk',
    async (way) => {
      await begin(way);
      await way.page.goto(`${way.page.url()}/time`);
    },
  ],
  ['role', 'Which role are you working in?', 'sign-in/role.njk none', toRole],
  [
    'role-nothing-chosen',
    'Which role are you working in?',
    'sign-in/role.njk nothing-chosen',
    async (way) => {
      await toRole(way);
      await press(way.page, 'Continue');
      await way.page.getByRole('alert').waitFor();
    },
  ],
  ['consent', own, 'sign-in/consent.njk none', toConsent],
  [
    'consent-nothing-chosen',
    own,
    'sign-in/consent.njk nothing-chosen',
    async (way) => {
      await toConsent(way);
      for (const box of await way.page.getByRole('checkbox').all()) await box.uncheck();
      await press(way.page, 'Allow');
      await way.page.getByRole('alert').waitFor();
    },
  ],
  [
    'no-record',
    'We have no health record for you here',
    'sign-in/no-record.njk',
    async (way) => {
      await begin(way);
      await signInAs(way.page, 'admin@example.test');
    },
  ],
  ['sign-out', 'Do you want to sign out?', 'sign-in/sign-out.njk', toSignOut],
  [
    'sign-out-client',
    'Do you want to sign out?',
    'sign-in/sign-out.njk',
    (way) => toSignOut(way, `?client_id=${way.client.clientId}`),
  ],
  [
    'signed-out',
    'You are signed out',
    'sign-in/signed-out.njk',
    async (way) => {
      await toSignOut(way, `?client_id=${way.client.clientId}`);
      await press(way.page, 'Sign out');
    },
  ],
  [
    'stayed-signed-in',
    'You are still signed in',
    'sign-in/signed-out.njk',
    async (way) => {
      await toSignOut(way);
      await press(way.page, 'Stay signed in');
    },
  ],
  [
    'continue-signed-out',
    'You are signed out',
    'sign-in/continue.njk signed-out',
    (way) => {
      const bye = encodeURIComponent(`${way.flow.app.origin}/bye`);
      return open(way, `/session/end?client_id=${way.client.clientId}&post_logout_redirect_uri=${bye}`);
    },
  ],
  [
    'continue-switch',
    'Someone else was signed in here',
    'sign-in/continue.njk switch',
    async (way) => {
      await toConsent(way);
      await press(way.page, 'Sign in as someone else');
      await signInAs(way.page, 'mere@example.test');
    },
  ],
  [
    'error-expired',
    'This page is no longer valid',
    'error.njk expired',
    (way) => open(way, '/interaction/over'),
  ],
  [
    'error-not-found',
    'We cannot find this page',
    'error.njk notFound',
    (way) => open(way, '/health/nowhere'),
  ],
  ['error-not-found-oauth', 'We cannot find this page', 'error.njk notFound', (way) => open(way, '/nowhere')],
  [
    'error-unknown-application',
    'The application made a mistake',
    'error.njk badRequest',
    (way) => open(way, '/auth?client_id=nobody'),
  ],
  [
    'error-unknown-address',
    'The application made a mistake',
    'error.njk badRequest',
    ({ page, client }) => page.goto(client.request({ redirect_uri: 'https://elsewhere.example.test/cb' })),
  ],
  [
    'error-forbidden',
    'We could not accept that form',
    'error.njk forbidden',
    async (way) => {
      await begin(way);
      await spoilForm(way.page);
      await signInAs(way.page);
    },
  ],
  [
    'error-too-large',
    'That was too much at once',
    'error.njk tooLarge',
    async (way) => {
      await begin(way);
      await signInAs(way.page, 'x'.repeat(20_000));
    },
  ],
];

describe.skipIf(browserUnavailable)('every page of Assent as the server really sends it', () => {
  const flow = startFlow();

  test.each(pages)('%s: axe finds nothing, and it fits', async (name, heading, state, reach) => {
    const page = await flow.person();
    await reach({ flow, page, client: await registerApp(flow) });
    await expectHeading(page, heading);
    expect(shown).toContain(state);
    await audit(page, name);
  });

  test('an identity source: on the way there at once, and back without being signed in', async () => {
    await startSource(flow);
    const page = await flow.person();
    await page.goto((await registerApp(flow)).request());
    await press(page, 'Sign in with Elsewhere');
    const there = await arrival(page, `${flow.app.origin}/authorize`);
    expect(shown).toContain('sign-in/source-go.njk');
    const state = there.searchParams.get('state') ?? '';
    const answer = new URLSearchParams({ error: 'access_denied', state, iss: flow.app.origin });
    await page.goto(`${flow.server.issuer}/sources/elsewhere/callback?${answer}`);
    await expectHeading(page, 'You are not signed in');
    expect(shown).toContain('sign-in/source-problem.njk refused');
    await audit(page, 'source-refused');
  });

  test('no template was left out', () => {
    expect([...shown].filter((one) => one.endsWith('.njk')).sort()).toEqual(
      [...templatesIn(''), ...templatesIn('sign-in/')].sort(),
    );
  });
});
