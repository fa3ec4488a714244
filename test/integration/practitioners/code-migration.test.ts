import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outcome, redeem, refreshForm, renew, tokenRequest } from '../../support/exchange.ts';
import { practise } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { ask, expectAsked, expectRedirect, state } from '../authorisation/answers.ts';
import { putApi, registerSurgery, surgeryApp, surgeryChange } from './surgery.ts';

/** GP to GP record transfer (GP Connect 1.6): reason `migration`, scope `conf/R`, for a GP practice. */

const transfer = 'https://gp.fernhill.example.test/ZZ902/STU3/1/gpconnect/structured';
const api = {
  id: 'gp-transfer',
  audience: transfer,
  profile: 'gp-connect',
  scopes: 'patient/*.read patient/*.write organization/*.read conf/N conf/R',
  reasons: 'directcare migration',
};

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await putApi(server, api);
  const apis = { 'gp-transfer': api.scopes };
  await registerSurgery(server, { apis });
  const hospital = { client_id: 'hospital-app', organization: 'fernhill' };
  await registerSurgery(server, {
    ...hospital,
    apis,
    client_secret: 'a-secret-of-hospital-app-that-is-long',
  });
});
afterAll(() => server.close());

const request = (scope: string, reason?: string, client = 'surgery-app') => ({
  ...surgeryChange,
  client_id: client,
  resource: transfer,
  scope,
  state,
  ...(reason === undefined ? {} : { reason_for_request: reason }),
});

async function tokens(scope: string, reason?: string) {
  const { authorised, page } = await practise(server, { change: request(`offline_access ${scope}`, reason) });
  if (authorised === undefined) throw new Error(`no code: ${page.location} ${page.html}`);
  return redeem(server, authorised, surgeryApp);
}

describe('a GP practice', () => {
  test.for([
    ['patient/*.read conf/R', 'migration'],
    ['patient/*.read conf/N', 'migration'],
    ['conf/R patient/*.read', 'migration'],
    ['patient/*.read conf/N', 'directcare'],
    ['patient/*.read', undefined],
    ['patient/*.write conf/N', undefined],
    ['organization/*.read', undefined],
  ] as const)(
    'may ask for %s with reason %s, and the token says so after a refresh, too',
    async ([scope, reason]) => {
      const first = await tokens(scope, reason);
      const expected = {
        aud: transfer,
        reason_for_request: reason ?? 'directcare',
        requested_scope: scope === 'conf/R patient/*.read' ? 'patient/*.read conf/R' : scope,
        requesting_organization: expect.objectContaining({ name: 'Millbrook Surgery' }),
      };
      expect(decodeJwt(first.access_token)).toMatchObject(expected);
      expect(decodeJwt((await renew(server, first, surgeryApp)).access_token)).toMatchObject(expected);
    },
  );
});

describe('refused at the redirect:', () => {
  test.for([
    ['conf/R for direct care', 'patient/*.read conf/R', 'directcare', 'surgery-app', 'invalid_request'],
    ['conf/R without a reason', 'patient/*.read conf/R', undefined, 'surgery-app', 'invalid_request'],
    ['migration without a conf scope', 'patient/*.read', 'migration', 'surgery-app', 'invalid_request'],
    ['migration to write', 'patient/*.write conf/R', 'migration', 'surgery-app', 'invalid_request'],
    [
      'migration of an organisation',
      'organization/*.read conf/N',
      'migration',
      'surgery-app',
      'invalid_request',
    ],
    ['migration for a hospital', 'patient/*.read conf/R', 'migration', 'hospital-app', 'invalid_request'],
    [
      'migration with conf/N for a hospital',
      'patient/*.read conf/N',
      'migration',
      'hospital-app',
      'invalid_request',
    ],
    ['conf/R for a hospital', 'patient/*.read conf/R', 'directcare', 'hospital-app', 'invalid_request'],
    ['both conf scopes', 'patient/*.read conf/N conf/R', 'migration', 'surgery-app', 'invalid_scope'],
    ['two access values', 'patient/*.read organization/*.read', undefined, 'surgery-app', 'invalid_scope'],
    ['conf alone', 'conf/R', 'migration', 'surgery-app', 'invalid_scope'],
    ['secondaryuses', 'patient/*.read', 'secondaryuses', 'surgery-app', 'invalid_request'],
  ] as const)('%s', async ([, scope, reason, client, error]) => {
    const page = await ask(server, request(scope, reason, client));
    expectRedirect(page, { issuer: server.issuer, error, state });
  });

  test('migration where the API does not know it', async () => {
    await registerSurgery(server, {
      client_id: 'plain-app',
      apis: { 'gp-connect': 'patient/*.read conf/N conf/R' },
    });
    const gpConnect = 'https://gp.millbrook.example.test/ZZ901/STU3/1/gpconnect/structured';
    const change = { ...request('patient/*.read conf/R', 'migration', 'plain-app'), resource: gpConnect };
    expectRedirect(await ask(server, change), { issuer: server.issuer, error: 'invalid_request', state });
    const plain = { ...request('patient/*.read conf/N', undefined, 'plain-app'), resource: gpConnect };
    expectAsked(await ask(server, plain), server.issuer);
  });
});

describe('a refresh token of a transfer', () => {
  test.for(['patient/*.read', 'conf/R', 'offline_access'])(
    'narrowed to %s, which is no transfer: an OAuth error, and nothing lost',
    async (scope) => {
      const first = await tokens('patient/*.read conf/R', 'migration');
      const narrowed = await tokenRequest(server, refreshForm(first.refresh_token, { scope }), surgeryApp);
      expect(narrowed.status).toBe(400);
      expect(['invalid_scope', 'invalid_grant']).toContain(JSON.parse(narrowed.body).error);
      const whole = await renew(server, first, surgeryApp);
      expect(decodeJwt(whole.access_token).requested_scope).toBe('patient/*.read conf/R');
    },
  );

  test('brings nothing when the organisation is a GP practice no more', async () => {
    const first = await tokens('patient/*.read conf/R', 'migration');
    const millbrook = (await server.services.organizations.all()).find(({ key }) => key === 'millbrook');
    if (millbrook === undefined) throw new Error('there is no Millbrook Surgery');
    const put = (kind: string) => server.services.organizations.put({ ...millbrook, kind }, { demo: true });
    await put('hospital');
    // Clients are kept for a moment together with their organisation.
    await registerSurgery(server, { apis: { 'gp-transfer': api.scopes } });
    const refused = await tokenRequest(server, refreshForm(first.refresh_token), surgeryApp);
    expect(outcome(refused)).toBe('400 invalid_grant');
    await put(millbrook.kind);
    await registerSurgery(server, { apis: { 'gp-transfer': api.scopes } });
    await renew(server, first, surgeryApp);
  });

  test('brings nothing when the API does not allow it any more', async () => {
    const first = await tokens('patient/*.read conf/R', 'migration');
    await putApi(server, { ...api, reasons: 'directcare' });
    const refused = await tokenRequest(server, refreshForm(first.refresh_token), surgeryApp);
    expect(outcome(refused)).toBe('400 invalid_grant');
    await putApi(server, api);
    await renew(server, first, surgeryApp);
  });
});
