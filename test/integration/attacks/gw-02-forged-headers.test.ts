import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRegistrations } from '../../../src/clients/index.ts';
import { basic, form, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { provingEndpoints, provingNames, requestTo } from './endpoints.ts';

/** Headers that a gateway sets for its own purposes, sent by anybody. */

let direct: TestServer;
/** Behind a proxy that is trusted, and that forwards what it does not know. */
let behindProxy: TestServer;

beforeAll(async () => {
  direct = await startServer();
  behindProxy = await startServer({ TRUST_PROXY: '127.0.0.1,::1' });
});
afterAll(() => Promise.all([direct.close(), behindProxy.close()]));

const clientId = 'clinic-jwt';
const subject = `CN=${clientId},O=Fernhill Hospital`;
const certificate = 'MIIBszCCAVmgAwIBAgIUb0N0IGEgY2VydGlmaWNhdGU=';

/** How gateways hand on a certificate that they have checked. */
const certificateHeaders: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['X-Client-Cert', { 'X-Client-Cert': certificate }],
  [
    'X-SSL-Client-*',
    {
      'X-SSL-Client-Verify': 'SUCCESS',
      'X-SSL-Client-S-DN': subject,
      'X-SSL-Client-CN': clientId,
      'X-SSL-Client-Cert': certificate,
      'SSL-Client-Cert': certificate,
      'SSL-Client-Verify': 'SUCCESS',
    },
  ],
  [
    'X-Forwarded-Client-Cert',
    { 'X-Forwarded-Client-Cert': `By=spiffe://a;Subject="${subject}";URI=${clientId}` },
  ],
  ['X-Forwarded-Tls-Client-Cert', { 'X-Forwarded-Tls-Client-Cert': certificate }],
  ['Client-Cert (RFC 9440)', { 'Client-Cert': `:${certificate}:`, 'Client-Cert-Chain': `:${certificate}:` }],
  ['X-ARR-ClientCert', { 'X-ARR-ClientCert': certificate }],
  [
    'X-Amzn-Mtls-Clientcert',
    { 'X-Amzn-Mtls-Clientcert': certificate, 'X-Amzn-Mtls-Clientcert-Subject': subject },
  ],
  ['the name of a user', { 'X-Forwarded-User': clientId, 'X-Remote-User': clientId, Remote_User: clientId }],
];

const grant = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');

describe.for(certificateHeaders)('GW-02 %s', ([, headers]) => {
  test.for(provingNames)('proves nothing at the %s, from anybody or through a proxy', async (endpoint) => {
    for (const server of [direct, behindProxy]) {
      const sent = requestTo(endpoint, { issuer: server.issuer, clientId }, { client_id: clientId }, headers);
      const answer = await send(server, sent);
      expect({ status: answer.status, body: JSON.parse(answer.body) }).toEqual({
        status: 401,
        body: expect.objectContaining({ error: 'invalid_client' }),
      });
    }
  });

  test('binds no token to itself', async () => {
    const answer = await send(direct, form(grant, { ...clinic, ...headers }));
    expect(answer.status).toBe(200);
    const claims = decodeJwt((JSON.parse(answer.body) as { access_token: string }).access_token);
    expect(claims).not.toHaveProperty('cnf');
    expect(claims.client_id).toBe('clinic-backend');
  });
});

describe('GW-02 a certificate is no way to authenticate here:', () => {
  test('none is advertised', async () => {
    const answer = await fetch(`${direct.issuer}/.well-known/openid-configuration`);
    const document = (await answer.json()) as Record<string, unknown>;
    expect(JSON.stringify(document)).not.toMatch(/tls_client|mtls|certificate/);
    expect(Object.keys(provingEndpoints).every((name) => name in document)).toBe(true);
  });

  test.for(['tls_client_auth', 'self_signed_tls_client_auth'])(
    'no client is registered for %s',
    async (method) => {
      const registration = { client_id: 'cert', client_name: 'Cert', token_endpoint_auth_method: method };
      const registered = readRegistrations(JSON.stringify(registration), {
        apis: [],
        organizations: [],
        addressFault: () => undefined,
        hasSecret: () => false,
        issuer: direct.issuer,
        ids: direct.services.ids,
      });
      await expect(registered).rejects.toThrow(/token_endpoint_auth_method/);
    },
  );
});

describe('GW-01 headers of the Spine Secure Proxy', () => {
  const ssp = {
    'Ssp-From': '200000000205',
    'Ssp-To': '200000000359',
    'Ssp-TraceID': '09a01679-2564-0fb4-5129-aecc81ea2706',
    'Ssp-InteractionID': 'urn:nhs:names:services:gpconnect:fhir:operation:gpc.getcarerecord',
  };

  test('sent from outside are in no token, and in no row of the audit', async () => {
    const claimsOf = async (headers: Readonly<Record<string, string>>) => {
      const answer = await send(direct, form(grant, { ...clinic, ...headers }));
      expect(answer.status).toBe(200);
      return decodeJwt((JSON.parse(answer.body) as { access_token: string }).access_token);
    };
    const [plain, forged] = [await claimsOf({}), await claimsOf(ssp)];
    const { iat: _iat, exp: _exp, jti: _jti, ...lasting } = plain;
    expect(forged).toMatchObject(lasting);
    expect(Object.keys(forged).sort()).toEqual(Object.keys(plain).sort());
    const [row] = await direct.sql('SELECT * FROM audit_events WHERE token_id = $1', [forged.jti]);
    expect(row).toBeDefined();
    const said = JSON.stringify(row);
    for (const value of Object.values(ssp)) expect(said).not.toContain(value);
  });
});
