import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { isActive, newFamily } from '../../support/exchange.ts';
import { form, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { introspect, type TokenAnswer, usualScope } from '../../support/visitor.ts';
import { addStatistics, askWhat, expectInactive, statisticsServer } from './introspection.ts';

/** Introspection (RFC 7662): a resource server is told about the tokens for its own API, and nobody about any other. */

let server: TestServer;
let tokens: TokenAnswer;
let base: string;

beforeAll(async () => {
  server = await startServer();
  base = `${server.issuer}/demo/fhir/r4`;
  await addStatistics(server);
  tokens = (await newFamily(server)).first;
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

const ask = (parameters: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>) =>
  askWhat(server, parameters, headers);

describe('the resource server of the API', () => {
  test('is told all that SMART wants, and the truth', async () => {
    const now = Math.floor(Date.now() / 1000);
    const answer = await ask({ token: tokens.access_token });
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
    const found = JSON.parse(answer.body) as { exp: number; iat: number };
    expect(found).toMatchObject({
      active: true,
      sub: 'aroha',
      client_id: 'kete-web',
      aud: base,
      iss: server.issuer,
      scope: usualScope,
      token_type: 'Bearer',
      patient: 'p-aroha',
      need_patient_banner: false,
      fhirUser: `${base}/Patient/p-aroha`,
    });
    expect(found.exp - found.iat).toBe(600);
    expect(Math.abs(found.iat - now)).toBeLessThan(120);
  });

  test('finds the same scope as the token response said', async () => {
    for (const scope of [
      usualScope,
      'openid patient/Patient.rs launch/patient',
      'launch/patient patient/*.rs',
    ]) {
      const { first } = await newFamily(server, { change: { scope }, identifier: 'mere@example.test' });
      expect(await introspect(server, first.access_token)).toMatchObject({
        active: true,
        scope: first.scope,
      });
      expect(new Set(first.scope.split(' '))).toEqual(new Set(scope.split(' ')));
    }
  });

  test('is told fhirUser only with its scope', async () => {
    const scope = 'openid launch/patient patient/Patient.rs';
    const { first } = await newFamily(server, { change: { scope }, identifier: 'wiremu@example.test' });
    const found = await introspect(server, first.access_token);
    expect(found).toMatchObject({ active: true, sub: 'wiremu', patient: 'p-wiremu' });
    expect(found).not.toHaveProperty('fhirUser');
  });

  test('sees as sub the account, whatever else the token says', async () => {
    const { first } = await newFamily(server, { identifier: 'hana@example.test' });
    expect(await introspect(server, first.access_token)).toMatchObject({
      sub: 'hana',
      client_id: 'kete-web',
      patient: 'p-hana',
    });
  });

  test.each(['access_token', 'refresh_token', 'something', ''])('may give any hint: %s', async (hint) => {
    const answer = await ask({ token: tokens.access_token, token_type_hint: hint });
    expect(JSON.parse(answer.body)).toMatchObject({ active: true, sub: 'aroha' });
  });

  test('sees the token of a system, without a person', async () => {
    const jwt = await assertion(demoKey(server, 'clinic-jwt'), 'clinic-jwt', server.issuer);
    const wish = { grant_type: 'client_credentials', scope: 'system/Patient.rs', resource: base };
    const answer = await send(server, form({ ...wish, ...assertionForm(jwt) }));
    expect(answer.status).toBe(200);
    const issued = JSON.parse(answer.body) as TokenAnswer;
    expect(issued).not.toHaveProperty('refresh_token');
    expect(issued.expires_in).toBeLessThanOrEqual(300);
    const found = await introspect(server, issued.access_token);
    expect(found).toMatchObject({
      active: true,
      client_id: 'clinic-jwt',
      aud: base,
      scope: 'system/Patient.rs',
    });
    for (const name of ['patient', 'fhirUser', 'need_patient_banner']) expect(found).not.toHaveProperty(name);
    expectInactive(await ask({ token: issued.access_token }, statisticsServer));
    shiftTime(301);
    expectInactive(await ask({ token: issued.access_token }));
  });

  test('JW-04 is told no more once the token has expired', async () => {
    const { first } = await newFamily(server);
    shiftTime(599 - 30);
    expect(await isActive(server, first)).toBe(true);
    shiftTime(601);
    expectInactive(await ask({ token: first.access_token }));
  });
});
