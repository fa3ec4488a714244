import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  authorise,
  exchange,
  introspect,
  keteWeb,
  type TokenAnswer,
  usualScope,
} from '../../support/visitor.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

test('Aroha signs in, allows, and Kete Health reads her record until it is told to stop', async () => {
  const authorised = await authorise(server);
  expect(authorised.response.get('iss')).toBe(server.issuer);
  const answer = await exchange(server, authorised);
  expect(answer).toMatchObject({
    token_type: 'Bearer',
    expires_in: 600,
    scope: usualScope,
    patient: 'p-aroha',
    need_patient_banner: false,
  });
  const base = `${server.issuer}/demo/fhir/r4`;
  const { payload, protectedHeader } = await jwtVerify(
    answer.id_token ?? '',
    createRemoteJWKSet(new URL(`${server.issuer}/jwks`)),
    { issuer: server.issuer, audience: 'kete-web' },
  );
  expect(protectedHeader.alg).toBe('RS256');
  expect(payload).toMatchObject({ sub: 'aroha', fhirUser: `${base}/Patient/p-aroha` });

  const found = await introspect(server, answer.access_token);
  expect(found).toMatchObject({
    active: true,
    client_id: 'kete-web',
    scope: usualScope,
    sub: 'aroha',
    patient: 'p-aroha',
    fhirUser: `${base}/Patient/p-aroha`,
    aud: base,
    iss: server.issuer,
  });

  const read = await fetch(`${base}/Immunization?patient=p-aroha`, {
    headers: { Authorization: `Bearer ${answer.access_token}` },
  });
  expect(read.status).toBe(200);
  expect(await read.json()).toMatchObject({ resourceType: 'Bundle', total: 3 });

  const refreshed = await server.token(
    { grant_type: 'refresh_token', refresh_token: answer.refresh_token ?? '' },
    keteWeb,
  );
  expect(refreshed.status).toBe(200);
  const again = (await refreshed.json()) as TokenAnswer;
  expect(again).toMatchObject({ scope: usualScope, patient: 'p-aroha', expires_in: 600 });
  expect(again.refresh_token).not.toBe(answer.refresh_token);
});

test('who decided before is not asked again', async () => {
  const first = await authorise(server);
  const second = await authorise(server, { visitor: first.visitor });
  expect(second.code).not.toBe(first.code);
});
