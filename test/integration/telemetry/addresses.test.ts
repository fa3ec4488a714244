import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answererOf, endpointOf, groupOf } from '../../../src/addresses/index.ts';
import { type Answer, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise } from '../../support/visitor.ts';
import { metricsToken, scrape } from './scrape.ts';

/** Every address that is answered stands in the table of addresses. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ METRICS_TOKEN: metricsToken });
});
afterAll(() => server.close());

const get = (path: string): Promise<Answer> => send(server, { method: 'GET', path });

/** Every path of ours that a document of metadata names. */
async function pathsIn(document: string): Promise<string[]> {
  const { status, body } = await get(document);
  expect(status).toBe(200);
  return Object.values(JSON.parse(body) as Record<string, unknown>)
    .filter((value) => String(value).startsWith(`${server.issuer}/`))
    .map((url) => new URL(String(url)).pathname);
}

describe.for([
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/.well-known/smart-configuration/demo-fhir',
])('%s', (document) => {
  test('stands in the table itself, as does each address that it names', async () => {
    const named = await pathsIn(document);
    expect(named.length).toBeGreaterThanOrEqual(5);
    for (const path of [document, ...named]) {
      expect([path, endpointOf(path)]).not.toEqual([path, 'other']);
      expect([path, groupOf(path)]).not.toEqual([path, undefined]);
    }
    for (const path of named) expect([path, answererOf(path)]).toEqual([path, 'provider']);
  });
});

test('what is answered is never measured as something unknown', async () => {
  await authorise(server);
  const { body: page } = await get('/');
  const [style = ''] = /\/assets\/[^"]+/.exec(page) ?? [];
  const known = [
    ...[style, '/jwks', '/health/live', '/health/ready', '/demo', '/demo/fhir/r4/metadata', '/session/end'],
    ...['/.well-known/smart-configuration', '/.well-known/smart-configuration/demo-fhir'],
    '/demo/fhir/r4/.well-known/smart-configuration',
  ];
  for (const path of known) expect([path, (await get(path)).status]).toEqual([path, 200]);
  expect((await get('/nothing-here')).status).toBe(404);
  const measured = (await scrape(server)).filter(({ labels }) => labels.endpoint === 'other');
  expect([...new Set(measured.map(({ labels }) => labels.status))]).toEqual(['404']);
});
