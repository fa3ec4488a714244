import { expect } from 'vitest';
import { type Answer, basic, form, register, send } from '../../support/fixtures.ts';
import type { TestServer } from '../../support/server.ts';

/** Credentials of the resource server of the demo world. */
export const fhirServer = basic('demo-fhir-server', 'demo-secret-demo-fhir-server');

const secret = 'a-secret-of-the-statistics-server';

/** Credentials of the resource server of another API. */
export const statisticsServer = basic('statistics-server', secret);

/** Adds a second API of the same kind, with a resource server of its own. */
export async function addStatistics(server: TestServer): Promise<void> {
  const demoFhir = (await server.services.catalogue.all()).find(({ id }) => id === 'demo-fhir');
  if (demoFhir === undefined) throw new Error('there is no demo FHIR server');
  const statistics = { ...demoFhir, id: 'statistics', audience: 'https://statistics.example.test/v1' };
  await server.services.catalogue.put(statistics, { demo: false });
  await register(server, {
    client_id: 'statistics-server',
    client_secret: secret,
    grant_types: [],
    organization: 'platform',
    apis: { statistics: 'introspect' },
  });
}

/** Asks what a token holds. */
export function askWhat(
  server: TestServer,
  parameters: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = fhirServer,
): Promise<Answer> {
  return send(server, { ...form(parameters, headers), path: '/token/introspection' });
}

/** The answer tells nothing, to the byte. */
export function expectInactive({ status, headers, body }: Answer): void {
  expect({ status, body }).toEqual({ status: 200, body: '{"active":false}' });
  expect(headers).toMatchObject({ 'cache-control': 'no-store' });
}
