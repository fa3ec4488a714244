import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { redeem, renew } from '../../support/exchange.ts';
import {
  clinicChange,
  clinicRequest,
  clinicTokens,
  practise,
  wardApp,
  wardChange,
} from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, createVisitor, exchange, exchangeForm, type TokenAnswer } from '../../support/visitor.ts';
import { ask, expectAsked, expectRedirect, state } from '../authorisation/answers.ts';
import { push } from '../authorisation/pushing.ts';
import { begin, beginSignedIn, responseOf } from '../pages/steps.ts';
import { expectConsentPage, priya } from './role-page.ts';
import { putApi, registerSurgery, surgeryApp, surgeryChange } from './surgery.ts';

/** For which reason somebody asks: a parameter of the authorisation request, kept with the grant. */

const registry = 'https://spine.example.test/registry/STU3';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await putApi(server, {
    id: 'registry',
    audience: registry,
    profile: 'spine-core',
    scopes: 'user/Flag.read user/List.read',
    reasons: 'directcare secondaryuses patientaccess',
  });
  await registerSurgery(server, { apis: { registry: 'user/Flag.read user/List.read' } });
});
afterAll(() => server.close());

const change = { ...surgeryChange, resource: registry };
const reasonOf = ({ access_token: token }: TokenAnswer) => decodeJwt(token).reason_for_request;

async function tokensFor(reason: string | undefined, visitor = createVisitor(server.issuer)) {
  const { authorised, page } = await practise(server, {
    visitor,
    change: { ...change, reason_for_request: reason },
  });
  if (authorised === undefined) throw new Error(`no code: ${page.location} ${page.html}`);
  return redeem(server, authorised, surgeryApp);
}

describe('a reason that the API allows', () => {
  test.for([
    [undefined, 'directcare'],
    ['', 'directcare'],
    ['directcare', 'directcare'],
    ['secondaryuses', 'secondaryuses'],
  ] as const)('%j: the tokens say %s, refreshed ones too', async ([reason, said]) => {
    const first = await tokensFor(reason);
    const second = await renew(server, first, surgeryApp);
    const third = await renew(server, second, surgeryApp);
    expect([first, second, third].map(reasonOf)).toEqual([said, said, said]);
  });

  test('is not changed by what a token request says', async () => {
    const { authorised } = await practise(server, {
      change: { ...change, reason_for_request: 'secondaryuses' },
    });
    if (authorised === undefined) throw new Error('no code');
    const sent = { ...exchangeForm(authorised), reason_for_request: 'directcare' };
    const answer = await server.token(sent, ['surgery-app', surgeryApp[1] ?? '']);
    expect(answer.status).toBe(200);
    expect(reasonOf((await answer.json()) as TokenAnswer)).toBe('secondaryuses');
  });

  test('is decided about apart: another reason asks for consent again, the same one does not', async () => {
    const visitor = createVisitor(server.issuer);
    const scope = 'offline_access user/List.read';
    const first = await practise(server, { visitor, change: { ...change, scope } });
    expect(first.authorised).toBeDefined();
    const silent = async (reason: string) => {
      const { page } = await begin(server, {
        visitor,
        change: { ...change, scope, prompt: 'none', reason_for_request: reason },
      });
      return responseOf(page).get('error') ?? 'code';
    };
    expect([await silent('directcare'), await silent('secondaryuses')]).toEqual(['code', 'consent_required']);
  });

  test.for([
    ['directcare', 'Caring for the patient'],
    ['secondaryuses', 'Not the care of the patient'],
  ] as const)(
    '%s stands on the consent page in words, and in the record of what was shown',
    async ([reason, words]) => {
      const asked = { ...change, prompt: 'consent', reason_for_request: reason };
      const begun = await beginSignedIn(server, { ...priya, change: asked });
      expectConsentPage(begun.page);
      expect(begun.page.html).toContain(words);
      await practise(server, { visitor: begun.visitor, change: asked });
      const [row] = await server.sql(
        `SELECT reason, shown->>'reason' AS shown FROM consents WHERE client_id = 'surgery-app' ORDER BY decided_at DESC LIMIT 1`,
      );
      expect(row).toEqual({ reason, shown: reason });
    },
  );

  test('two of them in one browser: the tokens of each say their own', async () => {
    const visitor = createVisitor(server.issuer);
    const care = await tokensFor('directcare', visitor);
    const other = await tokensFor('secondaryuses', visitor);
    expect([
      reasonOf(await renew(server, care, surgeryApp)),
      reasonOf(await renew(server, other, surgeryApp)),
    ]).toEqual(['directcare', 'secondaryuses']);
  });

  test('pushed ahead is the same', async () => {
    const pushed = await push(
      server,
      { ...change, reason_for_request: 'secondaryuses', prompt: 'none' },
      { credentials: ['surgery-app', surgeryApp[1] ?? ''] },
    );
    expect(pushed.status).toBe(201);
    const { visitor } = await practise(server, {
      change: { ...change, reason_for_request: 'secondaryuses' },
    });
    const page = await visitor.follow(await visitor.get(`${pushed.url}&reason_for_request=directcare`));
    const response = responseOf(page);
    const { verifier, parameters } = pushed.request;
    const redirectUri = parameters.redirect_uri ?? '';
    const authorised = { code: response.get('code') ?? '', verifier, redirectUri, visitor, response };
    expect(reasonOf(await redeem(server, authorised, surgeryApp))).toBe('secondaryuses');
  });
});

/** Requests that are good but for their reason. */
const clients = {
  'ward-app': { ...wardChange, state },
  'gp-clinic': { ...clinicChange, state },
  'surgery-app': { ...change, state },
} as const;

const refused: readonly (readonly [keyof typeof clients, string])[] = [
  ['ward-app', 'secondaryuses'],
  ['ward-app', 'patientaccess'],
  ['ward-app', 'migration'],
  ['ward-app', 'Directcare'],
  ['ward-app', 'directcare '],
  ['ward-app', 'directcare secondaryuses'],
  ['ward-app', 'x'.repeat(3000)],
  ['gp-clinic', 'secondaryuses'],
  ['gp-clinic', 'patientaccess'],
  ['gp-clinic', 'migration'],
  ['gp-clinic', 'research'],
  // The API allows it, but for a patient who asks in person, and here a practitioner does.
  ['surgery-app', 'patientaccess'],
  ['surgery-app', 'migration'],
];

describe('a reason that is not allowed', () => {
  test.for(refused)('%s, %s: invalid_request at the redirect', async ([client, reason]) => {
    const page = await ask(server, { ...clients[client], reason_for_request: reason });
    const answer = expectRedirect(page, { issuer: server.issuer, error: 'invalid_request', state });
    expect(answer.get('error_description')).toMatch(/reason_for_request/);
    expect(answer.get('error_description')).not.toContain('xxx');
  });

  test.for(Object.keys(clients) as (keyof typeof clients)[])('%s: given twice', async (client) => {
    const more = [
      ['reason_for_request', 'directcare'],
      ['reason_for_request', 'directcare'],
    ] as const;
    const page = await ask(server, clients[client], more);
    expectRedirect(page, { issuer: server.issuer, error: 'invalid_request', state });
  });

  test.for(['secondaryuses', 'research'])('pushed, %s: refused there', async (reason) => {
    const { status, body } = await push(
      server,
      { ...clients['ward-app'], reason_for_request: reason },
      { credentials: ['ward-app', wardApp[1] ?? ''] },
    );
    expect({ status, body }).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  test('pushed twice: refused there', async () => {
    const credentials = ['ward-app', wardApp[1] ?? ''] as const;
    const more = [
      ['reason_for_request', 'directcare'],
      ['reason_for_request', 'directcare'],
    ] as const;
    const { status, body } = await push(server, clients['ward-app'], { credentials, more });
    expect({ status, body }).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });
});

describe('without a reason', () => {
  test.for(Object.keys(clients) as (keyof typeof clients)[])('%s is asked to sign in', async (client) => {
    expectAsked(await ask(server, clients[client]), server.issuer);
  });

  test('a SMART application is let through with one, and its tokens have none', async () => {
    const authorised = await authorise(server, { change: { reason_for_request: 'research' } });
    const tokens = await exchange(server, authorised);
    expect(tokens).not.toHaveProperty('reason_for_request');
    const [row] = await server.sql("SELECT reason FROM consents WHERE client_id = 'kete-web'");
    expect(row).toEqual({ reason: null });
  });
});

describe('an API that does not allow the reason any more', () => {
  test('gives no further token for it', async () => {
    const tokens = await tokensFor('secondaryuses');
    const care = await tokensFor('directcare');
    await putApi(server, {
      id: 'registry',
      audience: registry,
      profile: 'spine-core',
      scopes: 'user/Flag.read user/List.read',
    });
    await expect(renew(server, tokens, surgeryApp)).rejects.toThrow('invalid_grant');
    expect(reasonOf(await renew(server, care, surgeryApp))).toBe('directcare');
  });
});

test('GP Connect: the reason is in the refreshed token of gp-clinic', async () => {
  const first = await clinicTokens(server);
  const form = { grant_type: 'refresh_token', refresh_token: first.refresh_token ?? '' };
  const answer = await clinicRequest(server, form);
  expect(answer.status).toBe(200);
  expect([first, JSON.parse(answer.body) as TokenAnswer].map(reasonOf)).toEqual(['directcare', 'directcare']);
});
