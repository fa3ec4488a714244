import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { type Answer, basic, eventually, form, type Sent, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { expectErrorAnswer, tally } from './refusals.ts';

/**
 * Requests that say they go somewhere else. The library makes its URLs, and with them the audiences that it
 * accepts, from `Host` and the forwarded headers: whoever controls those would choose them.
 */

let direct: TestServer;
let behindProxy: TestServer;

beforeAll(async () => {
  direct = await startServer();
  behindProxy = await startServer({ TRUST_PROXY: '127.0.0.1,::1' });
});

afterAll(() => Promise.all([direct.close(), behindProxy.close()]));

const grant = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');
const evil = 'evil.example.test';

const withHeaders = (sent: Sent, headers: Readonly<Record<string, string>>): Sent => ({
  ...sent,
  headers: { ...sent.headers, ...headers },
});

/** The door refuses before anybody is authenticated: nothing is issued, and no row is left in the audit. */
async function expectTurnedAway(server: TestServer, sent: Sent): Promise<void> {
  const audited = () => server.sql('SELECT id FROM audit_events');
  const [before, auditBefore] = [await tally(server), await audited()];
  const answer = await send(server, sent);
  expectErrorAnswer(answer, { status: 400, error: 'invalid_request', usedAuthorization: false });
  expect(answer.body).not.toContain(evil);
  expect(await tally(server)).toEqual(before);
  expect(await audited()).toHaveLength(auditBefore.length);
}

function tokenOf(answer: Answer): Record<string, unknown> {
  expect(answer).toMatchObject({ status: 200 });
  return decodeJwt((JSON.parse(answer.body) as { access_token: string }).access_token);
}

describe('a foreign Host', () => {
  test.for([
    ['another name', { Host: evil }],
    ['another port', { Host: 'localhost:1' }],
    ['the address instead of the name', { Host: '127.0.0.1' }],
    ['the right name with something behind', { Host: `localhost.${evil}` }],
  ] as const)('is turned away: %s', async ([, headers]) => {
    await expectTurnedAway(direct, withHeaders(form(grant, clinic), headers));
  });

  test('is turned away with an assertion made for its token URL', async () => {
    const jwt = await assertion(demoKey(direct, 'clinic-jwt'), 'clinic-jwt', `http://${evil}/token`);
    await expectTurnedAway(direct, withHeaders(form({ ...grant, ...assertionForm(jwt) }), { Host: evil }));
  });

  test.for(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/jwks', '/'])(
    'is turned away at %s',
    async (path) => {
      await expectTurnedAway(direct, { method: 'GET', path, headers: { Host: evil } });
    },
  );
});

describe('what the door turns away', () => {
  test('is counted per source and minute', async () => {
    const server = await startServer();
    try {
      for (const Host of [evil, 'localhost:1', `localhost.${evil}`]) {
        await send(server, withHeaders(form(grant, clinic), { Host }));
      }
      const counted = await eventually(async () => {
        const [row] = await server.sql<{ count: number }>(
          "SELECT sum(count)::integer AS count FROM anonymous_denials WHERE error = 'refused_at_the_door'",
        );
        return row?.count === 3 ? row.count : undefined;
      });
      expect(counted).toBe(3);
    } finally {
      await server.close();
    }
  });
});

describe('a request target in absolute form', () => {
  test.for([`http://${evil}/token`, `//${evil}/token`, '*'])('is turned away: %s', async (path) => {
    await expectTurnedAway(direct, { ...form(grant, clinic), path });
  });

  test('is turned away even when it names the issuer', async () => {
    await expectTurnedAway(direct, { ...form(grant, clinic), path: `${direct.issuer}/token` });
  });
});

const forwarded = [
  ['X-Forwarded-Host', { 'X-Forwarded-Host': evil }],
  ['X-Forwarded-Proto', { 'X-Forwarded-Proto': 'https' }],
  ['both', { 'X-Forwarded-Host': evil, 'X-Forwarded-Proto': 'https' }],
] as const;

describe('forwarded headers from anybody', () => {
  const all = [
    ...forwarded,
    ['Forwarded', { Forwarded: `host=${evil};proto=https` }],
    ['X-Forwarded-Port', { 'X-Forwarded-Port': '1' }],
  ] as const;

  test.for(all)('change nothing in a token: %s', async ([, headers]) => {
    const claims = tokenOf(await send(direct, withHeaders(form(grant, clinic), headers)));
    expect(claims.iss).toBe(direct.issuer);
  });

  test.for(all)('change no URL of the discovery documents: %s', async ([, headers]) => {
    const answer = await send(direct, {
      method: 'GET',
      path: '/.well-known/openid-configuration',
      headers: { ...headers },
    });
    expect(answer).toMatchObject({ status: 200 });
    const document = JSON.parse(answer.body) as Record<string, unknown>;
    const urls = Object.entries(document).filter(([name]) => /^issuer$|_(endpoint|uri)$/.test(name));
    expect(urls.length).toBeGreaterThan(2);
    for (const [, url] of urls) expect(String(url).startsWith(direct.issuer)).toBe(true);
    expect(answer.body).not.toContain(evil);
  });

  test('do not make an assertion for the foreign token URL pass', async () => {
    const jwt = await assertion(demoKey(direct, 'clinic-jwt'), 'clinic-jwt', `https://${evil}/token`);
    const sent = withHeaders(form({ ...grant, ...assertionForm(jwt) }), {
      'X-Forwarded-Host': evil,
      'X-Forwarded-Proto': 'https',
    });
    const answer = await send(direct, sent);
    expectErrorAnswer(answer, { status: 401, error: 'invalid_client', usedAuthorization: false });
  });

  test('GW-03 do not become the source in the audit', async () => {
    const headers = {
      'X-Forwarded-For': '198.51.100.77',
      'X-Real-IP': '198.51.100.77',
      Forwarded: 'for=198.51.100.77',
    };
    const { jti } = tokenOf(await send(direct, withHeaders(form(grant, clinic), headers)));
    const [row] = await direct.sql<{ source: string }>(
      'SELECT source FROM audit_events WHERE token_id = $1',
      [jti],
    );
    expect(row?.source).toMatch(/^(::1|(::ffff:)?127\.0\.0\.1)$/);
  });
});

describe('forwarded headers from a trusted proxy', () => {
  test.for(forwarded)('are believed, so a foreign address is turned away: %s', async ([, headers]) => {
    await expectTurnedAway(behindProxy, withHeaders(form(grant, clinic), headers));
  });

  test('pass when they name the issuer', async () => {
    const { host } = new URL(behindProxy.issuer);
    const headers = { Host: 'inside:1', 'X-Forwarded-Host': host, 'X-Forwarded-Proto': 'http' };
    const claims = tokenOf(await send(behindProxy, withHeaders(form(grant, clinic), headers)));
    expect(claims.iss).toBe(behindProxy.issuer);
  });

  test('GW-03 name the source in the audit: the nearest address that is no proxy', async () => {
    const headers = { 'X-Forwarded-For': '192.0.2.66, 198.51.100.77, 127.0.0.1' };
    const { jti } = tokenOf(await send(behindProxy, withHeaders(form(grant, clinic), headers)));
    const rows = await behindProxy.sql('SELECT source FROM audit_events WHERE token_id = $1', [jti]);
    expect(rows).toEqual([{ source: '198.51.100.77' }]);
  });

  test('GW-03 that are no addresses do not become the source', async () => {
    const headers = { 'X-Forwarded-For': "'; DROP TABLE clients; --" };
    const { jti } = tokenOf(await send(behindProxy, withHeaders(form(grant, clinic), headers)));
    const [row] = await behindProxy.sql<{ source: string }>(
      'SELECT source FROM audit_events WHERE token_id = $1',
      [jti],
    );
    expect(row?.source).toMatch(/^(::1|(::ffff:)?127\.0\.0\.1)$/);
  });
});
