import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOf, demoSeed } from '../../support/code.ts';
import { type LyingProvider, startLyingProvider } from '../../support/lying-provider.ts';
import type { TestServer } from '../../support/server.ts';
import { formTo, type Page } from '../../support/visitor.ts';
import {
  importSource,
  knownToPortal,
  portalRequest,
  registerPortal,
  signInPage,
  startBeside,
  toProvider,
  type Waiting,
} from './elsewhere.ts';

let provider: LyingProvider;
let server: TestServer;

beforeAll(async () => {
  provider = await startLyingProvider();
  server = await startBeside(provider.issuer);
  await registerPortal(server);
  const { publicJwk } = await importSource(server, {
    id: 'elsewhere',
    name: 'Elsewhere',
    issuer: provider.issuer,
    client_id: 'assent-here',
    id_token_alg: 'ES256',
    new_accounts: true,
    assurance: { claim: 'acr', values: { strong: { acr: '2', amr: ['pwd', 'otp', 'mfa'] } } },
  });
  provider.clientKey = publicJwk;
});
afterAll(async () => {
  await server?.close();
  await provider?.close();
});

async function through(waiting: Waiting): Promise<Page> {
  const back = provider.signIn(await toProvider(waiting, 'elsewhere'));
  return waiting.visitor.follow(await waiting.visitor.get(back.href));
}

test('a request that needs more than the sign-in elsewhere proved asks for it here', async () => {
  const first = await signInPage(server, portalRequest);
  const { sub } = await knownToPortal(server, first, await through(first));
  await server.services.credentials.authenticators.put(String(sub), demoSeed, { always: false });

  const waiting = await signInPage(server, { ...portalRequest, acr_values: '2' });
  const asked = await through(waiting);
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
  const claims = await knownToPortal(server, waiting, await through(waiting));
  expect(claims).toMatchObject({ acr: '2', amr: ['pwd', 'otp', 'mfa'] });
});

test('when she signed in there is when she signed in here, if it was earlier', async () => {
  const earlier = Math.floor(Date.now() / 1000) - 1000;
  provider.person = { ...provider.person, auth_time: earlier };
  const waiting = await signInPage(server, portalRequest);
  expect((await knownToPortal(server, waiting, await through(waiting))).auth_time).toBe(earlier);
});
