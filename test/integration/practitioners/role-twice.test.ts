import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { redeem } from '../../support/exchange.ts';
import { chooseRole, clinicalRole, healthRole, wardApp } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { allow } from '../../support/visitor.ts';
import { leftBehind, press, responseOf } from '../pages/steps.ts';
import {
  beginAtRole,
  beginWard,
  clinicalId,
  expectConsentPage,
  expectOver,
  expectRolePage,
  professionalId,
  sendRole,
} from './role-page.ts';
import { putShah } from './surgery.ts';

/** The role page answered twice, in two tabs, too late, and while the roles change under it. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
beforeEach(() => putShah(server));
afterEach(() => shiftTime(0));
afterAll(() => server.close());

const clinical = [['role', clinicalId]] as const;
const professional = [['role', professionalId]] as const;

describe('the form', () => {
  test('sent twice, before the answer is followed: one way on, and the later answer holds', async () => {
    const { visitor, page } = await beginAtRole(server);
    const answers = [await sendRole(visitor, page, clinical), await sendRole(visitor, page, professional)];
    expect(answers.map(({ status }) => status)).toEqual([303, 303]);
    const consent = await visitor.follow(answers[0] ?? page);
    expect(consent.html).toContain('Health Professional at Fernhill Hospital');
    expect(responseOf(await allow(visitor, consent)).has('code')).toBe(true);
  });

  test('sent again after it has led on: a page that says so', async () => {
    const { visitor, page } = await beginAtRole(server);
    expectConsentPage(await chooseRole(visitor, page, clinicalRole));
    expectOver(await sendRole(visitor, page, professional));
    expectOver(await visitor.get(page.url));
  });

  test('sent ten times at once: nothing breaks, and one way leads on', async () => {
    const { visitor, page } = await beginAtRole(server);
    const tabs = Array.from({ length: 10 }, () => visitor.copy());
    const answers = await Promise.all(tabs.map((tab) => sendRole(tab, page, clinical)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]));
    const consent = await visitor.follow(answers[0] ?? page);
    expect(responseOf(await allow(visitor, consent)).has('code')).toBe(true);
  });

  test('of the consent page is not the form of the role page: the role is not overtaken', async () => {
    const { visitor, page } = await beginAtRole(server);
    const before = await leftBehind(server);
    const at = page.url.replace(/\?.*/, '');
    for (const decision of ['allow', 'deny', 'switch']) {
      const fields = [...tokenOf(page), ['line', 'user/Flag.read'], ['decision', decision]] as const;
      expectOver(await visitor.post(`${at}/consent`, fields));
    }
    expect(await leftBehind(server)).toEqual(before);
    expectRolePage(await visitor.get(page.url));
  });

  test('29 minutes are no problem, 31 are', async () => {
    const { visitor, page } = await beginAtRole(server);
    shiftTime(31 * 60);
    expectOver(await sendRole(visitor, page, clinical));
    shiftTime(29 * 60);
    expectConsentPage(await chooseRole(visitor, page, clinicalRole));
  });
});

/** The hidden fields of a page, so that what is refused is not refused for lack of them. */
function tokenOf({ html }: { html: string }): readonly (readonly [string, string])[] {
  const token = /name="csrf" value="([^"]*)"/.exec(html)?.[1];
  if (token === undefined) throw new Error('the page has no token');
  return [['csrf', token]];
}

describe('two tabs', () => {
  test('are asked apart, and each goes on in the role that was chosen in it', async () => {
    const first = await beginAtRole(server);
    const { visitor } = first;
    const second = await beginWard(server, visitor, { prompt: 'consent' });
    expectRolePage(second.page);
    const secondConsent = await chooseRole(visitor, second.page, healthRole);
    const firstConsent = await chooseRole(visitor, first.page, clinicalRole);
    const users: unknown[] = [];
    for (const [begun, consent] of [
      [first, firstConsent],
      [second, secondConsent],
    ] as const) {
      const response = responseOf(await allow(visitor, consent));
      expect(response.get('state')).toBe(begun.request.parameters.state);
      const { verifier, parameters } = begun.request;
      const authorised = { code: response.get('code') ?? '', verifier, visitor, response };
      const redirectUri = parameters.redirect_uri ?? '';
      const tokens = await redeem(server, { ...authorised, redirectUri }, wardApp);
      users.push(decodeJwt(tokens.access_token).requesting_user);
    }
    expect(users).toEqual(
      [clinicalRole, healthRole].map((id) => `https://fhir.nhs.uk/Id/sds-role-profile-id|${id}`),
    );
  });
});

describe('a role that ends while the role page is open', () => {
  test('is not accepted any more, and nothing is granted', async () => {
    const { visitor, page } = await beginAtRole(server);
    await putShah(server, { clinical: undefined });
    const before = await leftBehind(server);
    const answer = await sendRole(visitor, page, clinical);
    expect([400, 403]).toContain(answer.status);
    expect(answer.location).toBeUndefined();
    expect(await leftBehind(server)).toEqual(before);
  });

  test('leaves the other one, with which she can go on', async () => {
    const { visitor, page } = await beginAtRole(server);
    await putShah(server, { clinical: undefined });
    const next = await visitor.follow(await sendRole(visitor, page, professional));
    expectConsentPage(next);
    expect(next.html).toContain('Health Professional at Fernhill Hospital');
  });

  test('leaves the other one, which the page, read again, offers or takes', async () => {
    const { visitor, page } = await beginAtRole(server);
    await putShah(server, { clinical: undefined });
    const again = await visitor.follow(await visitor.get(page.url));
    if (again.html.includes('/role"')) {
      expect(again.html).toContain(healthRole);
      expectConsentPage(await chooseRole(visitor, again, healthRole));
    } else expectConsentPage(again);
  });

  test('and was the last: the page is over, and a new request is for signing in', async () => {
    const { visitor, page } = await beginAtRole(server);
    await putShah(server, { clinical: undefined, professional: undefined });
    for (const fields of [clinical, professional]) {
      const answer = await visitor.follow(await sendRole(visitor, page, fields));
      expect([400, 403]).toContain(answer.status);
    }
  });
});

describe('a role that ends between the role page and the answer to the consent page', () => {
  async function atConsent() {
    const begun = await beginAtRole(server);
    const consent = await chooseRole(begun.visitor, begun.page, clinicalRole);
    expect(consent.html).toContain('Clinical Practitioner at Fernhill Hospital');
    return { ...begun, consent };
  }

  test('the only one left: she allowed something else than that, so nothing is kept', async () => {
    const { visitor, consent } = await atConsent();
    await putShah(server, { clinical: undefined });
    const before = await leftBehind(server);
    const answer = await press(visitor, consent, 'allow');
    expect(answer).toMatchObject({ location: undefined });
    expect([400, 403]).toContain(answer.status);
    expect(await leftBehind(server)).toEqual(before);
  });

  test('both: nothing is kept', async () => {
    const { visitor, consent } = await atConsent();
    await putShah(server, { clinical: undefined, professional: undefined });
    const before = await leftBehind(server);
    expectOver(await press(visitor, consent, 'allow'));
    expect(await leftBehind(server)).toEqual(before);
  });

  test('she can still say no', async () => {
    const { visitor, consent } = await atConsent();
    await putShah(server, { clinical: undefined, professional: undefined });
    const end = await visitor.follow(await press(visitor, consent, 'deny'));
    expect(responseOf(end).get('error')).toBe('access_denied');
  });

  test('and begins anew: the decision is kept', async () => {
    const { visitor, consent } = await atConsent();
    await putShah(server, { clinical: undefined });
    await putShah(server);
    expect(responseOf(await allow(visitor, consent)).has('code')).toBe(true);
  });
});

test('a role that ends after the answer, before the way back: no code in it', async () => {
  const { visitor, page } = await beginAtRole(server);
  const consent = await chooseRole(visitor, page, clinicalRole);
  const answered = await press(visitor, consent, 'allow');
  expect(answered.status).toBe(303);
  await putShah(server, { clinical: undefined, professional: undefined });
  const end = await visitor.follow(answered);
  expect(end.location ?? '').not.toContain('code=');
});

test('a role that is renamed meanwhile stays the same role', async () => {
  const { visitor, page } = await beginAtRole(server);
  await putShah(server, { clinical: { name: 'Consultant' } });
  const consent = await chooseRole(visitor, page, clinicalRole);
  expect(consent.html).toContain('Consultant at Fernhill Hospital');
});
