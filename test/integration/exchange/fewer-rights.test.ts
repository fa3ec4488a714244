import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Api } from '../../../src/catalogue/index.ts';
import {
  isActive,
  labChange,
  labWeb,
  lasting,
  newFamily,
  outcome,
  refreshForm,
  registerLab,
  tokenRequest,
} from '../../support/exchange.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  type Authorised,
  authorise,
  exchangeForm,
  introspect,
  type TokenAnswer,
} from '../../support/visitor.ts';

/** A client or an API that lost rights since a person decided: tokens hold what is left, or there are none. */

let server: TestServer;
let api: Api;
let tokens: TokenAnswer;
let waiting: Authorised;

const scope = lasting('offline_access');

beforeAll(async () => {
  server = await startServer();
  const found = (await server.services.catalogue.all()).find(({ id }) => id === 'demo-fhir');
  if (found === undefined) throw new Error('there is no demo FHIR server');
  api = found;
});
beforeEach(async () => {
  await server.services.catalogue.put(api, { demo: true });
  await registerLab(server);
  const change = { ...labChange, scope };
  const family = await newFamily(server, { change, client: labWeb });
  tokens = family.first;
  waiting = await authorise(server, { change, visitor: family.visitor });
});
afterAll(() => server.close());

const holding = (scopes: string) => registerLab(server, { apis: { 'demo-fhir': scopes } });

/** Uses refresh token and code, and gives both answers. */
async function both(): Promise<TokenAnswer[]> {
  const answers = [
    await tokenRequest(server, refreshForm(tokens.refresh_token), labWeb),
    await tokenRequest(server, exchangeForm(waiting), labWeb),
  ];
  return answers.map((answer) => {
    expect(outcome(answer)).toBe('200');
    return JSON.parse(answer.body) as TokenAnswer;
  });
}

async function expectRefused(error: string): Promise<void> {
  for (const form of [refreshForm(tokens.refresh_token), exchangeForm(waiting)]) {
    expect(outcome(await tokenRequest(server, form, labWeb))).toBe(`400 ${error}`);
  }
}

const without = (...gone: readonly string[]) =>
  scope
    .split(' ')
    .filter((one) => !gone.includes(one))
    .join(' ');

describe('a client that lost', () => {
  test('nothing: refresh token and code bring what was granted', async () => {
    for (const answer of await both()) expect(answer.scope).toBe(scope);
  });

  test.each([
    ['a scope', 'patient/Appointment.rs'],
    ['an identity scope', 'fhirUser'],
  ])('%s gets tokens without it, and is told so', async (_what, lost) => {
    await holding(without(lost));
    for (const answer of await both()) {
      expect(answer.scope).toBe(without(lost));
      expect(await introspect(server, answer.access_token)).toMatchObject({
        active: true,
        scope: answer.scope,
      });
      if (lost === 'fhirUser') expect(decodeJwt(answer.id_token ?? '')).not.toHaveProperty('fhirUser');
    }
  });

  test('a scope cannot ask for it', async () => {
    await holding(without('patient/Appointment.rs'));
    const sent = refreshForm(tokens.refresh_token, { scope: 'openid patient/Appointment.rs' });
    const answer = await tokenRequest(server, sent, labWeb);
    const { scope: got } = JSON.parse(answer.body) as { scope?: string };
    expect(got ?? '').not.toContain('Appointment');
  });

  test('the API gets nothing, and its tokens are inactive', async () => {
    await registerLab(server, { apis: { 'admin-api': 'admin.read' } });
    await expectRefused('invalid_grant');
    expect(await isActive(server, tokens)).toBe(false);
  });

  test('the refresh_token grant is refused its refresh tokens, and gets none with a code', async () => {
    await registerLab(server, {
      grant_types: ['authorization_code'],
      apis: { 'demo-fhir': without('offline_access') },
    });
    const refused = await tokenRequest(server, refreshForm(tokens.refresh_token), labWeb);
    expect(outcome(refused)).toBe('400 unauthorized_client');
    const answer = await tokenRequest(server, exchangeForm(waiting), labWeb);
    expect(outcome(answer)).toBe('200');
    expect(JSON.parse(answer.body)).not.toHaveProperty('refresh_token');
  });

  test('offline_access gets no further refresh token', async () => {
    await holding(without('offline_access'));
    const answers = [
      await tokenRequest(server, refreshForm(tokens.refresh_token), labWeb),
      await tokenRequest(server, exchangeForm(waiting), labWeb),
    ];
    for (const { status, body } of answers) {
      if (status === 200) expect(JSON.parse(body)).not.toHaveProperty('refresh_token');
      else expect(JSON.parse(body)).toMatchObject({ error: 'invalid_grant' });
    }
  });

  test('its secret is nobody', async () => {
    await registerLab(server, { client_secret: 'another-secret-of-lab-web-long-enough' });
    const answer = await tokenRequest(server, refreshForm(tokens.refresh_token), labWeb);
    expect(outcome(answer)).toBe('401 invalid_client');
  });
});

describe('an API that lost', () => {
  test('a scope: tokens hold what is left', async () => {
    const lost = 'patient/Appointment.rs';
    const scopes = api.scopes.filter((one) => one !== lost && one !== 'patient/*.rs');
    await server.services.catalogue.put({ ...api, scopes }, { demo: true });
    for (const answer of await both()) {
      expect(answer.scope).toBe(without(lost));
      expect(await introspect(server, answer.access_token)).toMatchObject({
        active: true,
        scope: answer.scope,
      });
    }
  });
});
