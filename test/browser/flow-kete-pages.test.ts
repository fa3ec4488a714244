import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { formPage } from '../support/app-server.ts';
import { audit, shown, templatesIn } from '../support/audit.ts';
import { browserUnavailable } from '../support/browser.ts';
import { allowKete, expectHeading, press, signInAs, startFlow } from '../support/flow.ts';

vi.mock('../../src/web/render.ts', async (load) => (await import('../support/audit.ts')).noting(load));

describe.skipIf(browserUnavailable)('every page of Kete Health as the server really sends it', () => {
  const flow = startFlow();

  /** Opens Kete Health and goes to Assent. @returns the page, and the `state` of the request */
  async function connect(): Promise<{ page: Page; state: string }> {
    const page = await flow.person();
    await page.goto(`${flow.server.issuer}/demo`);
    const sent = page.waitForRequest((request) => new URL(request.url()).pathname === '/auth');
    await press(page, 'Connect my health record');
    const state = new URL((await sent).url()).searchParams.get('state') ?? '';
    await expectHeading(page, 'Sign in');
    return { page, state };
  }

  /** Connects the record of somebody who has not decided yet, or decided to allow. */
  async function record(identifier: string, without: readonly string[] = []): Promise<Page> {
    const { page } = await connect();
    await signInAs(page, identifier);
    await allowKete(page, without);
    await page.waitForURL('**/demo/record');
    return page;
  }

  test('start, before and after connecting', async () => {
    const page = await flow.person();
    await page.goto(`${flow.server.issuer}/demo`);
    await audit(page, 'kete-start');
    const connected = await record('mere@example.test');
    await connected.goto(`${flow.server.issuer}/demo`);
    await connected.getByText('A health record is connected.').waitFor();
    await audit(connected, 'kete-start-connected');
  });

  test.each([
    ['full', 'aroha@example.test', 'Health record of Aroha Ngata', []],
    ['empty', 'wiremu@example.test', 'Health record of Wiremu Pōtae', []],
    [
      'partly',
      'hana@example.test',
      'Health record of Hana Ngata',
      ['See vaccinations in this health record', 'See allergies in this health record'],
    ],
  ])('record, %s', async (name, identifier, heading, without) => {
    const page = await record(identifier, without);
    await expectHeading(page, heading);
    await audit(page, `kete-record-${name}`);
  });

  test('blood pressure, where Kete Health may not add anything', async () => {
    const page = await record('mere@example.test');
    await page.goto(`${flow.server.issuer}/demo/reading`);
    await expectHeading(page, 'Add a blood pressure reading');
    await audit(page, 'kete-reading-may-not');
  });

  test('problem: the person said no', async () => {
    const { page } = await connect();
    await press(page, 'Go back to Kete Health');
    await expectHeading(page, 'Nothing was shared');
    await audit(page, 'kete-problem-denied');
  });

  test('problem: an answer to no sign-in of this browser', async () => {
    const page = await flow.person();
    await page.goto(`${flow.server.issuer}/demo/callback?code=made-up&state=made-up`);
    await expectHeading(page, 'This sign-in is over');
    await audit(page, 'kete-problem-expired');
  });

  test('AZ-05 problem: an answer of another issuer', async () => {
    const { page, state } = await connect();
    const answer = new URLSearchParams({ state, code: 'made-up', iss: 'https://elsewhere.example.test' });
    await page.goto(`${flow.server.issuer}/demo/callback?${answer}`);
    await expectHeading(page, 'We could not connect');
    await audit(page, 'kete-problem-mistake');
  });

  test('SE-03 problem: a form of another site', async () => {
    const page = await record('aroha@example.test');
    flow.app.serve('/trick', formPage(`${flow.server.issuer}/demo/disconnect`));
    await page.goto(`${flow.app.origin}/trick`);
    await press(page, 'Send');
    await expectHeading(page, 'We did not do that');
    await audit(page, 'kete-problem-foreign');
    await page.goto(`${flow.server.issuer}/demo/record`);
    await expectHeading(page, 'Health record of Aroha Ngata');
  });

  test('problem: the access was taken back', async () => {
    const page = await record('aroha@example.test');
    await flow.server.sql(`DELETE FROM oidc_artefacts WHERE model = 'RefreshToken'`);
    await press(page, 'Renew access');
    await expectHeading(page, 'Our access has ended');
    await audit(page, 'kete-problem-ended');
  });

  test('mail that a demonstration sends nobody', async () => {
    const page = await flow.person();
    await page.goto(`${flow.server.issuer}/demo/outbox`);
    await expectHeading(page, 'Mail that nobody is sent');
    await audit(page, 'outbox');
  });

  test('no template was left out', () => {
    const names = [...shown].filter((one) => one.startsWith('demo/') && one.endsWith('.njk'));
    expect(names.sort()).toEqual(templatesIn('demo/'));
  });
});
