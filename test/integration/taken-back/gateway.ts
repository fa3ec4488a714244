import { expect } from 'vitest';
import { type Credentials, tokenRequest } from '../../support/exchange.ts';
import { type Answer, form, register, type Sent, send } from '../../support/fixtures.ts';
import type { TestServer } from '../../support/server.ts';
import type { Place } from '../../support/taken-back.ts';
import { addNotes, notes } from '../attacks/jwts.ts';
import { tokensIn } from '../keys/swaps.ts';
import { putApi } from '../practitioners/surgery.ts';
import { secretOf } from '../token-endpoint/applicants.ts';

/** A gateway in front of the APIs, which asks about their tokens with tokens of its own. */
export const gateway: Credentials = ['gateway', secretOf('gateway')];

/** An API whose tokens are JWTs without a health profile. */
export const appointments = 'https://appointments.example.test/v1';

/** The APIs at which it may ask. */
export const askedAt = [
  { api: 'demo-fhir', audience: (issuer: string) => `${issuer}/demo/fhir/r4` },
  { api: 'notes', audience: () => notes },
  { api: 'appointments', audience: () => appointments },
] as const;

/** Adds the gateway, and the APIs with their resource servers. */
export async function addGateway(server: TestServer): Promise<void> {
  await addNotes(server);
  const scopes = 'appointments.read introspect';
  await putApi(server, { id: 'appointments', audience: appointments, profile: 'none', scopes });
  const [clientId, secret] = gateway;
  await register(
    server,
    {
      client_id: clientId,
      client_secret: secret,
      grant_types: ['client_credentials'],
      organization: 'platform',
      apis: {
        'demo-fhir': 'introspect system/Patient.rs',
        notes: 'introspect system/Patient.rs',
        appointments: scopes,
      },
    },
    {
      client_id: 'appointments-server',
      client_secret: secretOf('appointments-server'),
      grant_types: [],
      organization: 'platform',
      apis: { appointments: 'introspect' },
    },
  );
}

/** A system's wish for a token. */
export const wish = (resource: string, scope = 'introspect') => ({
  grant_type: 'client_credentials',
  scope,
  resource,
});

/** A token of the gateway. */
export async function bearerFor(at: Place, resource: string, scope?: string): Promise<string> {
  return tokensIn(await tokenRequest(at, wish(resource, scope), gateway)).access_token;
}

/** Asks about tokens with whatever stands in `Authorization`. */
export const askAs = (at: Place, authorization: string, sent: Sent): Promise<Answer> =>
  send(at, {
    path: '/token/introspection',
    ...sent,
    headers: { ...sent.headers, Authorization: authorization },
  });

/** Asks about a token with a bearer token. */
export const askWith = (
  at: Place,
  bearer: string,
  token: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> => askAs(at, `Bearer ${bearer}`, form({ token }, headers));

/** 401 in the words of RFC 6750 section 3.1. */
export function expectInvalidToken({ status, headers, body }: Answer): void {
  expect({ status, body: JSON.parse(body) }).toEqual({
    status: 401,
    body: { error: 'invalid_token', error_description: expect.any(String) },
  });
  expect(headers['www-authenticate']).toMatch(/^Bearer realm="[^"]+", error="invalid_token"/);
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    'content-type': 'application/json; charset=utf-8',
  });
}
