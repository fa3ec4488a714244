import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOf, demoSeed } from '../../support/code.ts';
import type { LyingProvider } from '../../support/lying-provider.ts';
import type { TestServer } from '../../support/server.ts';
import { formTo } from '../../support/visitor.ts';
import { type Elsewhere, knownToPortal, portalRequest, signInPage, startElsewhere } from './elsewhere.ts';

let provider: LyingProvider;
let server: TestServer;
let elsewhere: Elsewhere;

beforeAll(async () => {
  elsewhere = await startElsewhere();
  ({ provider, server } = elsewhere);
  await elsewhere.offer({
    assurance: { claim: 'acr', values: { strong: { acr: '2', amr: ['pwd', 'otp', 'mfa'] } } },
  });
});
afterAll(() => elsewhere?.close());

test('a request that needs more than the sign-in elsewhere proved asks for it here', async () => {
  const first = await signInPage(server, portalRequest);
  const { sub } = await knownToPortal(server, first, await elsewhere.through(first));
  await server.services.credentials.authenticators.put(String(sub), demoSeed, { always: false });

  const waiting = await signInPage(server, { ...portalRequest, acr_values: '2' });
  const asked = await elsewhere.through(waiting);
  const form = formTo(asked, '/code');
  const page = await waiting.visitor.follow(
    await waiting.visitor.post(form.action, [...form.fields, ['code', codeOf()]]),
  );
  const claims = await knownToPortal(server, waiting, page);
  expect(claims).toMatchObject({ sub, acr: '2' });
  expect(claims.amr).toEqual(['fed', 'otp', 'mfa']);
});

test('one that proved as much as is needed does not', async () => {
  provider.person = { ...provider.person, acr: 'strong' };
  const waiting = await signInPage(server, { ...portalRequest, acr_values: '2' });
  const claims = await knownToPortal(server, waiting, await elsewhere.through(waiting));
  expect(claims).toMatchObject({ acr: '2', amr: ['pwd', 'otp', 'mfa'] });
});

test('when she signed in there is when she signed in here, if it was earlier', async () => {
  const earlier = Math.floor(Date.now() / 1000) - 1000;
  provider.person = { ...provider.person, auth_time: earlier };
  const waiting = await signInPage(server, portalRequest);
  expect((await knownToPortal(server, waiting, await elsewhere.through(waiting))).auth_time).toBe(earlier);
});
