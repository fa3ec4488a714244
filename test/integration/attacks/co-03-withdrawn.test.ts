import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  expectInvalidGrant,
  isActive,
  newFamily,
  refreshForm,
  tokenRequest,
} from '../../support/exchange.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorisationRequest } from '../../support/visitor.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

test.for([
  ['withdrawn', `ended_at = now(), end_reason = 'withdrawn'`],
  ['run out', `expires_at = now() - interval '1 second'`],
])('CO-03 a consent that was %s: tokens are over, and prompt=none asks for a new one', async ([, change]) => {
  const { first, visitor } = await newFamily(server);
  const { url } = authorisationRequest(server.issuer, { prompt: 'none' });
  expect((await visitor.get(url)).location).toContain('code=');
  await server.sql(`UPDATE consents SET ${change} WHERE client_id = 'kete-web' AND ended_at IS NULL`);
  const { location = '' } = await visitor.get(url);
  expect(new URL(location).searchParams.get('error')).toBe('consent_required');
  expect(await isActive(server, first)).toBe(false);
  expectInvalidGrant(await tokenRequest(server, refreshForm(first.refresh_token)));
  // Asked again, she decides again.
  const again = await visitor.follow(await visitor.get(authorisationRequest(server.issuer).url));
  expect(again.html).toContain('/consent"');
});
