import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  chooseRole,
  clinicalRole,
  clinicChange,
  clinicRequest,
  gpConnect,
  practise,
} from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { exchangeForm, type TokenAnswer } from '../../support/visitor.ts';
import { beginSignedIn, leftBehind, linesOf, press, responseOf } from '../pages/steps.ts';
import { expectChanged, expectConsentPage, priya } from './role-page.ts';

/** What GP Connect asks for is one thing: a person allows all of it, or nothing. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

/** The consent page of `gp-clinic`, with the role chosen. */
async function atConsent(change: Readonly<Record<string, string>> = {}) {
  const begun = await beginSignedIn(server, {
    ...priya,
    change: { ...clinicChange, prompt: 'consent', ...change },
  });
  const page = await chooseRole(begun.visitor, begun.page, clinicalRole);
  expectConsentPage(page);
  return { ...begun, page };
}

const lines = (scopes: readonly string[]) => scopes.map((scope) => ['line', scope] as const);

describe('the consent page', () => {
  test('has nothing of the record to untick, names role and organisation, and says it in words', async () => {
    const { page } = await atConsent();
    const checkboxes = [...page.html.matchAll(/<input[^>]*type="checkbox"[^>]*value="([^"]*)"/g)].map(
      ([, value]) => value,
    );
    expect(checkboxes).not.toContain('patient/*.read');
    expect(checkboxes).not.toContain('conf/N');
    expect(linesOf(page).ticked).toEqual(expect.arrayContaining(['openid', 'patient/*.read', 'conf/N']));
    expect(page.html).toContain('Clinical Practitioner at Fernhill Hospital');
    expect(page.html).toContain('See one patient’s record at the surgery');
    expect(page.html).toContain('See information of ordinary privacy');
    expect(page.html).not.toMatch(/>\s*(openid|offline_access|conf\/N|patient\/\*\.read)\s*</);
    expect(page.html).toContain('patients’ health records that you may open?');
    expect(page.html).not.toContain('Dr Priya Shah (you)');
  });

  test.for([
    ['without conf/N', ['openid', 'offline_access', 'patient/*.read']],
    ['without the access value', ['openid', 'offline_access', 'conf/N']],
    ['without both', ['openid', 'offline_access']],
    ['with nothing', []],
    ['with conf/R in the place of conf/N', ['openid', 'offline_access', 'patient/*.read', 'conf/R']],
    ['with one more', ['openid', 'offline_access', 'patient/*.read', 'conf/N', 'patient/*.write']],
    ['with one twice', ['openid', 'offline_access', 'patient/*.read', 'patient/*.read', 'conf/N']],
  ] as const)('sent %s: a page for a changed form, and nothing is kept', async ([, scopes]) => {
    const { visitor, page } = await atConsent();
    const token = page.html.match(/name="csrf" value="([^"]*)"/)?.[1] ?? '';
    const before = await leftBehind(server);
    expectChanged(await press(visitor, page, 'allow', [['csrf', token], ...lines(scopes)]));
    expect(await leftBehind(server)).toEqual(before);
  });

  test('refused is access_denied', async () => {
    const { visitor, page } = await atConsent();
    const end = await visitor.follow(await press(visitor, page, 'deny'));
    expect(responseOf(end).get('error')).toBe('access_denied');
  });
});

test('what is granted is told in the token answer: identity scopes there, never in the claims', async () => {
  const { authorised } = await practise(server, { change: { ...clinicChange, prompt: 'consent' } });
  if (authorised === undefined) throw new Error('no code');
  const tokens = JSON.parse((await clinicRequest(server, exchangeForm(authorised))).body) as TokenAnswer;
  expect(tokens.scope.split(' ').sort()).toEqual(['conf/N', 'offline_access', 'openid', 'patient/*.read']);
  expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 300 });
  expect(tokens).not.toHaveProperty('patient');
  const claims = decodeJwt(tokens.access_token);
  expect(claims).not.toHaveProperty('scope');
  expect(JSON.stringify(claims)).not.toMatch(/openid|offline_access/);
  expect(decodeJwt(tokens.id_token ?? '')).toMatchObject({ aud: 'gp-clinic', sub: 'priya' });
  expect(decodeJwt(tokens.id_token ?? '')).not.toHaveProperty('fhirUser');
});

test('lasting access is a choice of its own: without it there is no refresh token', async () => {
  const { authorised } = await practise(server, {
    change: { ...clinicChange, prompt: 'consent' },
    without: ['offline_access'],
  });
  if (authorised === undefined) throw new Error('no code');
  const answer = await clinicRequest(server, exchangeForm(authorised));
  const tokens = JSON.parse(answer.body) as TokenAnswer;
  expect(answer.status).toBe(200);
  expect(tokens).not.toHaveProperty('refresh_token');
  expect(decodeJwt(tokens.access_token)).toMatchObject({
    aud: gpConnect,
    requested_scope: 'patient/*.read conf/N',
  });
});
