import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { redeem } from '../../support/exchange.ts';
import {
  adjustments,
  clinicChange,
  clinicTokens,
  gpConnect,
  practise,
  wardApp,
  wardChange,
  wardTokens,
} from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { createVisitor } from '../../support/visitor.ts';
import { ask, type Change, expectAsked, expectRedirect, state } from '../authorisation/answers.ts';
import { push } from '../authorisation/pushing.ts';
import { putApi, registerSurgery, surgeryApp, surgeryChange } from './surgery.ts';

/** What an application of the Spine profiles may ask for, and how it names the API. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const ward = { ...wardChange, state };
const clinic = { ...clinicChange, state };

describe('the API may be named', () => {
  test.for<[string, typeof ward, Change]>([
    ['by resource', ward, {}],
    ['by aud', ward, { resource: undefined, aud: adjustments }],
    ['by aud with a slash at its end', ward, { resource: undefined, aud: `${adjustments}/` }],
    ['by both', ward, { aud: adjustments }],
    ['by neither: it has one', ward, { resource: undefined }],
    ['by resource (GP Connect)', clinic, {}],
    ['by aud (GP Connect)', clinic, { resource: undefined, aud: gpConnect }],
    ['by neither (GP Connect)', clinic, { resource: undefined }],
  ])('%s', async ([, usual, change]) => {
    expectAsked(await ask(server, { ...usual, ...change }), server.issuer);
  });

  test('by neither: the tokens are for the only one it has', async () => {
    const spine = await wardTokens(server, { change: { ...wardChange, resource: undefined } });
    const gp = await clinicTokens(server, { change: { ...clinicChange, resource: undefined } });
    expect([spine, gp].map(({ access_token: token }) => decodeJwt(token).aud)).toEqual([
      adjustments,
      gpConnect,
    ]);
  });

  test('by neither: pushed ahead, too', async () => {
    const credentials = ['ward-app', wardApp[1] ?? ''] as const;
    const pushed = await push(server, { ...ward, resource: undefined }, { credentials });
    expect(pushed.status).toBe(201);
    expectAsked(await createVisitor(server.issuer).get(pushed.url), server.issuer);
  });
});

describe('of several APIs', () => {
  const other = 'https://spine.example.test/other/STU3';
  const change = { ...surgeryChange, resource: undefined, state };

  beforeAll(async () => {
    await putApi(server, {
      id: 'other-flags',
      audience: other,
      profile: 'spine-core',
      scopes: 'user/Flag.read user/Encounter.read',
    });
    await registerSurgery(server, {
      apis: {
        'reasonable-adjustments': 'user/Flag.read user/List.read',
        'other-flags': 'user/Flag.read user/Encounter.read',
      },
    });
  });

  test.for([
    ['user/List.read', adjustments],
    ['openid user/Encounter.read', other],
  ])('the one that has the scope is meant: %s', async ([scope, audience]) => {
    const { authorised } = await practise(server, { change: { ...change, scope } });
    if (authorised === undefined) throw new Error('no code');
    const tokens = await redeem(server, authorised, surgeryApp);
    expect(decodeJwt(tokens.access_token).aud).toBe(audience);
  });

  test.for(['user/Flag.read', 'user/List.read user/Encounter.read', 'user/Condition.read'])(
    'none can be meant by %s alone: invalid_request asks for its name',
    async (scope) => {
      const answer = expectRedirect(await ask(server, { ...change, scope }), {
        issuer: server.issuer,
        error: 'invalid_request',
        state,
      });
      expect(answer.get('error_description')).toContain('resource');
    },
  );
});

describe('refused at the redirect:', () => {
  test.for<[string, typeof ward, Change, string]>([
    ['a resource that nobody knows', ward, { resource: 'https://elsewhere.example.test/' }, 'invalid_target'],
    ['a resource that is no address', ward, { resource: 'adjustments' }, 'invalid_target'],
    [
      'an aud that nobody knows',
      ward,
      { resource: undefined, aud: 'https://elsewhere.example.test/' },
      'invalid_target',
    ],
    ['another client’s API', ward, { resource: gpConnect, scope: 'patient/*.read' }, 'invalid_target'],
    ['resource and aud that differ', ward, { aud: gpConnect }, 'invalid_target'],
    ['no scope of the API', ward, { scope: 'openid' }, 'invalid_scope'],
    ['no scope of the API, offline', ward, { scope: 'openid offline_access' }, 'invalid_scope'],
    ['no scope of the API (GP Connect)', clinic, { scope: 'openid' }, 'invalid_scope'],
    ['fhirUser', ward, { scope: 'openid fhirUser user/Flag.read' }, 'invalid_scope'],
    ['launch/patient', ward, { scope: 'launch/patient user/Flag.read' }, 'invalid_scope'],
    ['fhirUser (GP Connect)', clinic, { scope: 'openid fhirUser patient/*.read' }, 'invalid_scope'],
    ['launch/patient (GP Connect)', clinic, { scope: 'launch/patient patient/*.read' }, 'invalid_scope'],
    ['profile, which it does not have', ward, { scope: 'profile user/Flag.read' }, 'invalid_scope'],
    ['a system scope', ward, { scope: 'system/Flag.read' }, 'invalid_scope'],
    ['a system scope beside its own', ward, { scope: 'user/Flag.read system/Flag.read' }, 'invalid_scope'],
    ['a SMART spelling', ward, { scope: 'user/Flag.rs' }, 'invalid_scope'],
    ['a scope without access', ward, { scope: 'user/Flag' }, 'invalid_scope'],
    ['all types, where it has single ones', ward, { scope: 'user/*.read' }, 'invalid_scope'],
    ['a scope of the other family', clinic, { scope: 'user/Flag.read' }, 'invalid_scope'],
    ['patient/*.write, which it does not have', clinic, { scope: 'patient/*.write' }, 'invalid_scope'],
    ['two access values', clinic, { scope: 'patient/*.read organization/*.read' }, 'invalid_scope'],
    ['conf alone', clinic, { scope: 'openid conf/N' }, 'invalid_scope'],
    ['no scope at all', ward, { scope: undefined }, 'invalid_scope'],
  ])('%s', async ([, usual, change, error]) => {
    const page = await ask(server, { ...usual, ...change });
    expectRedirect(page, { issuer: server.issuer, error, state });
  });

  test('the demo FHIR server', async () => {
    const aud = `${server.issuer}/demo/fhir/r4`;
    const page = await ask(server, { ...ward, resource: undefined, aud, scope: 'patient/Patient.rs' });
    expectRedirect(page, { issuer: server.issuer, error: 'invalid_target', state });
  });

  test('several resources', async () => {
    const page = await ask(server, ward, [['resource', gpConnect]]);
    expectRedirect(page, { issuer: server.issuer, error: 'invalid_target', state });
  });

  test('a system scope, although the client holds it', async () => {
    const apis = { 'reasonable-adjustments': 'user/Flag.read system/Flag.read' };
    const asked = {
      ...surgeryChange,
      client_id: 'both-app',
      scope: 'user/Flag.read system/Flag.read',
      state,
    };
    await registerSurgery(server, {
      client_id: 'both-app',
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      apis,
    });
    const page = await ask(server, asked);
    const answer = expectRedirect(page, { issuer: server.issuer, error: 'invalid_scope', state });
    expect(answer.get('error_description')).toContain('system/Flag.read');
    expectAsked(await ask(server, { ...asked, scope: 'user/Flag.read' }), server.issuer);
  });
});

describe('a client whose registration would leave a hole in the token: unauthorized_client', () => {
  const change = { ...surgeryChange, state };
  const gp = { ...change, resource: gpConnect, scope: 'patient/*.read' };

  /** Registers the application and then takes something away behind the registration's back. */
  async function without(clientId: string, ...statements: readonly string[]): Promise<void> {
    const apis = { 'reasonable-adjustments': 'user/Flag.read', 'gp-connect': 'patient/*.read' };
    await registerSurgery(server, { client_id: clientId, organization: 'millbrook', apis });
    for (const statement of statements) await server.sql(statement);
  }

  test('no device at GP Connect; Spine Core needs none', async () => {
    await without('no-device', "UPDATE clients SET device = NULL WHERE client_id = 'no-device'");
    const page = await ask(server, { ...gp, client_id: 'no-device' });
    const answer = expectRedirect(page, { issuer: server.issuer, error: 'unauthorized_client', state });
    expect(answer.get('error_description')).toContain('device');
    expectAsked(
      await ask(server, { ...change, client_id: 'no-device', scope: 'user/Flag.read' }),
      server.issuer,
    );
  });

  test('no organisation', async () => {
    await without(
      'no-organization',
      "UPDATE clients SET organization = NULL, asid = '200000990901' WHERE client_id = 'no-organization'",
    );
    for (const asked of [change, gp]) {
      const page = await ask(server, {
        ...asked,
        client_id: 'no-organization',
        scope: asked === gp ? gp.scope : 'user/Flag.read',
      });
      expectRedirect(page, { issuer: server.issuer, error: 'unauthorized_client', state });
    }
  });

  test('no ASID and no ODS code', async () => {
    await without(
      'no-asid',
      "UPDATE clients SET organization = 'kete', asid = NULL WHERE client_id = 'no-asid'",
    );
    const page = await ask(server, { ...change, client_id: 'no-asid', scope: 'user/Flag.read' });
    const answer = expectRedirect(page, { issuer: server.issuer, error: 'unauthorized_client', state });
    expect(answer.get('error_description')).toContain('ASID');
  });
});

describe('state', () => {
  test.for([
    ['ward-app', ward],
    ['gp-clinic', clinic],
  ] as const)('is optional for %s', async ([, usual]) => {
    expectAsked(await ask(server, { ...usual, state: undefined }), server.issuer);
    const page = await ask(server, { ...usual, state: undefined, scope: 'openid' });
    expectRedirect(page, { issuer: server.issuer, error: 'invalid_scope', state: null });
  });

  test('is required for SMART', async () => {
    const page = await ask(server, { state: undefined });
    expectRedirect(page, { issuer: server.issuer, error: 'invalid_request', state: null });
  });
});

describe('tokens of the code flow are for people alone', () => {
  test.for(['gp-connect', 'reasonable-adjustments'])('client credentials bring none at %s', async (id) => {
    const scope = id === 'gp-connect' ? 'patient/*.write' : 'user/Flag.read';
    await registerSurgery(server, {
      client_id: 'machine',
      grant_types: ['authorization_code', 'client_credentials'],
      scope: 'openid',
      apis: { [id]: scope },
    });
    const answer = await server.token({ grant_type: 'client_credentials', scope }, [
      'machine',
      surgeryApp[1] ?? '',
    ]);
    expect(answer.status).toBe(400);
    expect(['invalid_scope', 'unauthorized_client']).toContain(
      ((await answer.json()) as { error: string }).error,
    );
  });
});
