import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Account, Accounts, Credentials } from '../../../src/accounts/index.ts';
import type { Client } from '../../../src/clients/index.ts';
import { systemClock } from '../../../src/clock.ts';
import type { Interactions, Next, Question } from '../../../src/oidc/index.ts';
import { createForms } from '../../../src/web/forms.ts';
import { createSecurityHeaders } from '../../../src/web/security-headers.ts';
import { createKnownCookie } from '../../../src/web/sign-in/known-cookie.ts';
import { createSignIn } from '../../../src/web/sign-in/routes.ts';
import { createStepCookie } from '../../../src/web/sign-in/step-cookie.ts';
import { pages } from '../../support/english.ts';

const asked = {
  client: {
    clientId: 'ward-app',
    metadata: { client_name: 'Fernhill Ward App' },
    organization: { name: 'Fernhill Hospital' },
  } as unknown as Client,
  formTargets: ["'self'", 'http://127.0.0.1:8090'],
  site: '127.0.0.1:8090',
  closes: { seconds: 1800, later: true },
};
const account = { id: 'account-1', name: 'Dr Priya Shah' } as Account;

const role: Question = {
  ...asked,
  kind: 'role',
  account,
  organization: 'Fernhill Hospital',
  roles: [
    { id: 'role-1', name: 'Clinical Practitioner', roleProfile: '100000000203' },
    { id: 'role-2', name: 'Health Professional', roleProfile: undefined },
  ],
};
const consent: Question = {
  ...asked,
  kind: 'consent',
  account,
  record: 'others',
  role: { name: 'Clinical Practitioner', organization: 'Fernhill Hospital' },
  reason: 'directcare',
  offline: false,
  until: new Date('2027-11-21T12:00:00Z'),
  lines: [],
  held: undefined,
};
const others: Record<string, Question> = {
  'sign-in': { ...asked, kind: 'sign-in', record: true, level: 1, fresh: undefined, present: undefined },
  'no-record': { ...asked, kind: 'no-record', account },
  consent,
};

const uid = 'abc';
const onward = '/auth/abc';

describe('the page for the role', () => {
  const forms = createForms({ issuer: 'http://localhost', key: 'the key of the tests' });
  /** What is asked, how the answer ends, and what was answered. */
  let open: Question | undefined;
  let next: Next;
  let answers: string[];
  let server: Server;
  let origin: string;

  const answer = (what: string) => {
    answers.push(what);
    return Promise.resolve(next);
  };
  const interactions: Interactions = {
    find: async () => open,
    signIn: () => answer('sign-in'),
    chooseRole: (_at, at, chosen) => answer(`role ${at} ${chosen}`),
    allow: () => answer('allow'),
    deny: (_at, at) => answer(`deny ${at}`),
    switchAccount: () => answer('switch'),
    moreTime: async () => true,
  };

  beforeAll(() => {
    const app = new Koa();
    app.use(createSecurityHeaders({ issuer: 'http://localhost', formAction: ["'self'"] }));
    app.use(
      createSignIn({
        interactions,
        newBrowser: { password: async () => {}, other: async () => {} },
        signIn: async () => undefined,
        forms,
        render: pages.render,
        showFault: pages.showFault,
        offered: async () => [],
        formatDay: () => '21 November 2027',
        onRefused: () => {},
        guard: {
          attempt: async () => ({ retryAfter: 1 }),
          attemptCode: async () => ({ retryAfter: 1 }),
          knows: () => true,
          remember: () => '',
        },
        accounts: {} as Accounts,
        credentials: {} as Credentials,
        clock: systemClock,
        stepCookie: createStepCookie({ issuer: 'http://localhost', key: 'k', clock: systemClock }),
        knownCookie: createKnownCookie({ issuer: 'http://localhost', maxAge: 1 }),
        sourceOf: () => '192.0.2.1',
        isOnTime: () => true,
      }),
    );
    server = app.listen(0);
    origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());
  beforeEach(() => {
    open = role;
    next = { location: onward };
    answers = [];
  });

  const get = () => fetch(`${origin}/interaction/${uid}`);
  const post = (path: string, fields: string, csrf = forms.token(uid)) =>
    fetch(`${origin}/interaction/${uid}/${path}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `csrf=${csrf}&${fields}`,
    });

  async function expectFault(response: Response, status: number, heading: string): Promise<void> {
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(heading);
    expect(answers).toEqual([]);
  }

  test('shows the question with its roles', async () => {
    const response = await get();
    const html = await response.text();
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-security-policy')).toContain('http://127.0.0.1:8090');
    expect(html).toContain('Which role are you working in?');
    expect(html).toContain(`action="/interaction/${uid}/role"`);
    expect([...html.matchAll(/type="radio" value="([^"]*)"/g)].map(([, value]) => value)).toEqual([
      'role-1',
      'role-2',
    ]);
    expect(html.match(/Role profile \d+/g)).toEqual(['Role profile 100000000203']);
  });

  test('takes the role that was chosen, and goes on with a 303', async () => {
    const response = await post('role', 'role=role-2');
    expect(answers).toEqual([`role ${uid} role-2`]);
    expect([response.status, response.headers.get('location')]).toEqual([303, onward]);
  });

  test.each(['', 'role=', 'role=role-1&role=role-2'])(
    'asks again where no role was chosen: “%s”',
    async (fields) => {
      const response = await post('role', fields);
      const html = await response.text();
      expect(answers).toEqual([]);
      expect(response.status).toBe(200);
      expect(html).toContain('There is a problem');
      expect(html).toContain('Choose the role you are working in');
      expect(response.headers.get('cache-control')).toBe('no-store');
    },
  );

  test('a role that was not offered, as a changed form', async () => {
    next = { fault: 'changed' };
    const response = await post('role', 'role=role-of-another');
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('We could not accept that form');
  });

  test('a question that has ended meanwhile, as a page that says so', async () => {
    next = { fault: 'expired' };
    const response = await post('role', 'role=role-1');
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('This page is no longer valid');
  });

  test('somebody else can sign in, whatever role is chosen', async () => {
    const response = await post('role', 'role=role-1&decision=switch');
    expect(answers).toEqual(['switch']);
    expect(response.headers.get('location')).toBe(onward);
  });

  test('going back ends the request', async () => {
    const response = await post('cancel', '');
    expect(answers).toEqual([`deny ${uid}`]);
    expect(response.headers.get('location')).toBe(onward);
  });

  test.each(['', 'x', 'another-page'])('SE-03 a form without our token is refused: “%s”', async (page) => {
    const csrf = page === 'another-page' ? forms.token(page) : page;
    await expectFault(await post('role', 'role=role-1', csrf), 403, 'We could not accept that form');
  });

  test.each(Object.keys(others))('a role for a question of the kind %s changes nothing', async (kind) => {
    open = others[kind];
    for (const fields of ['role=role-1', 'decision=switch'])
      await expectFault(await post('role', fields), 400, 'This page is no longer valid');
  });

  test.each(['allow', 'deny', 'switch'])(
    'a consent form, “%s”, sent while the role is open changes nothing',
    async (decision) => {
      const response = await post('consent', `decision=${decision}`);
      await expectFault(response, 400, 'This page is no longer valid');
    },
  );

  test('a role for a question that is not open changes nothing', async () => {
    open = undefined;
    await expectFault(await post('role', 'role=role-1'), 400, 'This page is no longer valid');
  });

  test('the consent page says the role', async () => {
    open = consent;
    expect(await (await get()).text()).toMatch(
      /You are working as\s*<\/dt>\s*<dd[^>]*>\s*Clinical Practitioner at Fernhill Hospital/,
    );
    open = { ...consent, role: undefined };
    expect(await (await get()).text()).not.toContain('You are working as');
  });
});
