import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { forgetPeople, goodPassword, mails, ngaio, tokenIn } from '../integration/accounts/people.ts';
import { browserUnavailable } from '../support/browser.ts';
import { codeOf, forgetCodes } from '../support/code.ts';
import { arrival, expectHeading, registerApp, startFlow } from '../support/flow.ts';
import { followProblem, tabTo, tabToPart, type, walk } from '../support/keyboard.ts';
import { demoPassword } from '../support/visitor.ts';

describe.skipIf(browserUnavailable)('the keyboard alone, without script', () => {
  const flow = startFlow();

  const person = () => flow.person({ javaScriptEnabled: false });
  const open = (page: Page, path: string) => page.goto(`${flow.server.issuer}${path}`);

  async function signInByKeyboard(page: Page, identifier: string, password: string): Promise<void> {
    await type(page, 'Email address or user name', identifier);
    await type(page, 'Password', password);
    await page.keyboard.press('Enter');
  }

  /** Allows what the application asks for, and is there. */
  async function allow(page: Page, at: string): Promise<void> {
    await tabTo(page, 'button', 'Allow');
    await page.keyboard.press('Space');
    expect((await arrival(page, at)).searchParams.has('code')).toBe(true);
  }

  describe('where a code is asked for', () => {
    beforeEach(() => forgetCodes(flow.server.issuer));

    async function toCode() {
      const client = await registerApp(flow);
      const page = await person();
      await page.goto(client.request({ acr_values: '2' }));
      await signInByKeyboard(page, 'aroha@example.test', demoPassword);
      await expectHeading(page, 'Type the code from your app');
      return { page, client };
    }

    test('a wrong code has the focus, and leads to the field in which the right one is typed', async () => {
      const { page, client } = await toCode();
      await walk(page, 'code');
      await type(page, 'Code', '000 000');
      await page.keyboard.press('Enter');
      await followProblem(page, 'code');
      await type(page, 'Code', codeOf());
      await tabTo(page, 'button', 'Continue');
      await page.keyboard.press('Space');
      await allow(page, client.redirectUri);
    });

    test('whoever has no phone opens what to do with Space, and types a recovery code', async () => {
      const [recovery = ''] = await flow.server.services.credentials.recoveryCodes.make('aroha');
      const { page, client } = await toCode();
      await tabToPart(page, page.locator('summary'));
      await page.keyboard.press('Space');
      await page.getByText('Type one of your recovery codes instead.').waitFor();
      await walk(page, 'code, with what to do without a phone');
      await type(page, 'Code', recovery);
      await page.keyboard.press('Enter');
      await allow(page, client.redirectUri);
    });
  });

  describe('where an invitation is taken up', () => {
    afterEach(() => forgetPeople(flow.server));

    test('from its code to a password, a wrong one first, and to an address that is proved', async () => {
      const { code } = await flow.server.services.people.invitations.invite(ngaio);
      const page = await person();
      await open(page, '/account/join');
      await walk(page, 'invitation');
      await type(page, 'Your code', 'nothing');
      await page.keyboard.press('Enter');
      await followProblem(page, 'code');
      await type(page, 'Your code', code);
      await tabTo(page, 'button', 'Continue');
      await page.keyboard.press('Space');

      await expectHeading(page, 'Make your account');
      await walk(page, 'join');
      await type(page, 'New password', goodPassword);
      await type(page, 'New password again', 'something else');
      await page.keyboard.press('Enter');
      await followProblem(page, 'again');
      await type(page, 'New password', goodPassword);
      await type(page, 'New password again', goodPassword);
      await tabTo(page, 'button', 'Make my account');
      await page.keyboard.press('Space');
      await expectHeading(page, 'Your account is ready');
      await walk(page, 'joined');

      const token = tokenIn((await mails(flow.server)).at(-1)?.text, '/account/address/');
      await open(page, `/account/address/${token}`);
      await signInByKeyboard(page, ngaio.email, goodPassword);
      await expectHeading(page, 'Is this your email address?');
      await walk(page, 'address');
      await tabTo(page, 'button', 'Yes, this is mine');
      await page.keyboard.press('Space');
      await expectHeading(page, 'Your email address');
      await page.getByText(ngaio.email).waitFor();
      await walk(page, 'address, proved');
    });

    test('a forgotten password: asked for without a name first, then by link to a new one', async () => {
      const page = await person();
      await open(page, '/account/reset');
      await walk(page, 'forgotten');
      await tabTo(page, 'button', 'Send me a link');
      await page.keyboard.press('Space');
      await followProblem(page, 'identifier');
      await page.keyboard.type('hana@example.test');
      await page.keyboard.press('Enter');
      await expectHeading(page, 'Look for our email');
      const token = tokenIn((await mails(flow.server)).at(-1)?.text, '/account/reset/');
      await open(page, `/account/reset/${token}`);
      await walk(page, 'reset');
      await tabTo(page, 'button', 'Save my new password');
      await page.keyboard.press('Space');
      await followProblem(page, 'password');
    });
  });

  describe('where access is taken back', () => {
    /** Lets an application in, the first of this person, and goes to its page. */
    async function toApplication(identifier: string): Promise<Page> {
      const client = await registerApp(flow);
      const page = await person();
      await page.goto(client.request());
      await signInByKeyboard(page, identifier, demoPassword);
      await allow(page, client.redirectUri);
      await open(page, '/account');
      await walk(page, 'account');
      await tabTo(page, 'link', 'Applications');
      await page.keyboard.press('Enter');
      await expectHeading(page, 'Applications');
      await walk(page, 'applications');
      await tabTo(page, 'link', 'Test Application');
      await page.keyboard.press('Enter');
      await expectHeading(page, 'Test Application');
      await walk(page, 'application');
      return page;
    }

    test('one line, after thinking twice', async () => {
      const page = await toApplication('hana@example.test');
      const takeBack = async () => {
        await tabTo(page, 'link', /^Take back See vaccinations/);
        await page.keyboard.press('Enter');
        await expectHeading(page, 'Take this back?');
      };
      await takeBack();
      await walk(page, 'take back a line');
      await tabTo(page, 'link', 'Keep it as it is');
      await page.keyboard.press('Enter');
      await expectHeading(page, 'Test Application');
      await takeBack();
      await tabTo(page, 'button', 'Take this back');
      await page.keyboard.press('Space');
      await page.getByText('You took it back. The application can no longer do that.').waitFor();
      await walk(page, 'application, with less');
    });

    test('all of it', async () => {
      const page = await toApplication('wiremu@example.test');
      await tabTo(page, 'link', 'Take everything back');
      await page.keyboard.press('Enter');
      await expectHeading(page, 'Take everything back from Test Application?');
      await walk(page, 'take back everything');
      await tabTo(page, 'button', 'Take everything back');
      await page.keyboard.press('Enter');
      await expectHeading(page, 'Applications');
      await page.getByText('No application can use your health record.').waitFor();
      await walk(page, 'applications, none');
    });
  });
});
