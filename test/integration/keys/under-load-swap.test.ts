import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import {
  isActive,
  outcome,
  redeem,
  refreshForm,
  renew,
  tokenRequest,
  tryRefresh,
} from '../../support/exchange.ts';
import { type Answer, basic, form, type Sent, send } from '../../support/fixtures.ts';
import { chooseRole, clinicalRole, userContext, wardApp, wardChange } from '../../support/practitioner.ts';
import type { TestServer } from '../../support/server.ts';
import {
  allow,
  authorisationRequest,
  authorise,
  createVisitor,
  exchangeForm,
  keteWeb,
  type Page,
  signIn,
  type TokenAnswer,
} from '../../support/visitor.ts';
import { push } from '../authorisation/pushing.ts';
import { createProofKey, proof, request } from '../dpop/proof.ts';
import { answerSignOut, endSession, isSignedIn } from '../pages/leaving.ts';
import { kidOf } from './fixture.ts';
import { type Nodes, RIPE, startOneNode } from './nodes.ts';
import { hold, rotateNow, signerOf, systemRequest, tokensIn, verifyNow } from './swaps.ts';

/** What was begun with one provider goes on with the one that takes its place when the keys change. */

let nodes: Nodes;
let server: TestServer;

beforeAll(async () => {
  nodes = await startOneNode();
  server = nodes.server;
});
// Time passes before each story and not in it: codes and assertions would not outlive the wait for a key.
beforeEach(() => nodes.pass(RIPE));
afterAll(() => nodes.close());

const rotate = () => rotateNow(nodes);

/** The kid of the key that signs with an algorithm now. */
const active = async (alg: 'ES256' | 'RS256' = 'ES256') =>
  kidOf(await server.services.keys.list(), 'active', alg);

const family = async () => {
  const authorised = await authorise(server);
  return { authorised, tokens: await redeem(server, authorised) };
};

const kete = (parameters: Readonly<Record<string, string>>) => form(parameters, basic(...keteWeb));

/** The request of `gp-clinic` with what it says of Dr Shah. */
async function clinicRequest(userAssertion: string): Promise<Sent> {
  const client = await assertion(demoKey(server, 'gp-clinic'), 'gp-clinic', server.issuer);
  return form({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: userAssertion,
    scope: 'patient/*.read conf/N',
    ...assertionForm(client),
  });
}

describe('F-09 a token request that began before a rotation', () => {
  test.for<[string, () => Promise<Sent>, (tokens: TokenAnswer) => string | undefined]>([
    ['of a system', async () => systemRequest, ({ access_token }) => access_token],
    [
      'about Dr Shah',
      async () => clinicRequest(await userContext(server)),
      ({ access_token }) => access_token,
    ],
    ['with a code', async () => kete(exchangeForm(await authorise(server))), ({ id_token }) => id_token],
    [
      'with a refresh token',
      async () => kete(refreshForm((await family()).tokens.refresh_token)),
      ({ id_token }) => id_token,
    ],
  ])(
    '%s is finished after it, with the key of its beginning, which everybody still has',
    async ([, sent, signed]) => {
      const finish = await hold(server, await sent());
      const old = [await active('ES256'), await active('RS256')];
      await rotate();
      const token = signed(tokensIn(await finish()));
      expect(old).toContain(signerOf(token));
      expect([await active('ES256'), await active('RS256')]).not.toContain(signerOf(token));
      await verifyNow(server, token);
    },
  );

  test('is one of twenty, and all are finished', async () => {
    const held = await Promise.all(Array.from({ length: 20 }, () => hold(server, systemRequest)));
    await rotate();
    const answers = await Promise.all(held.map((finish) => finish()));
    for (const answer of answers) await verifyNow(server, tokensIn(answer).access_token);
  });

  test('is refused for the rights that it has not, as any other', async () => {
    const asked = form(
      { grant_type: 'client_credentials', scope: 'system/Patient.rs' },
      basic('clinic-backend', 'demo-secret-clinic-backend'),
    );
    const finish = await hold(server, asked);
    await rotate();
    expect(outcome(await finish())).toBe(outcome(await send(server, asked)));
    expect(outcome(await send(server, asked))).toBe('400 invalid_scope');
  });
});

describe('an authorisation during which the keys change is finished, and its tokens are signed with the new ones:', () => {
  const steps = ['the sign-in page', 'the page that asks for the role', 'the consent page', 'a code'];

  test.for(steps.map((name, index) => [name, index] as const))('at %s', async ([, at]) => {
    const visitor = createVisitor(server.issuer);
    const { url, parameters, verifier } = authorisationRequest(server.issuer, {
      ...wardChange,
      prompt: 'consent',
    });
    const answers: ((page: Page) => Promise<Page>)[] = [
      (page) => signIn(visitor, page, { identifier: 'priya@example.test' }),
      (page) => chooseRole(visitor, page, clinicalRole),
      (page) => allow(visitor, page),
    ];
    let page = await visitor.follow(await visitor.get(url));
    for (const [index, answer] of answers.entries()) {
      if (index === at) await rotate();
      page = await answer(page);
    }
    if (at === answers.length) await rotate();
    const response = new URL(page.location ?? 'about:blank').searchParams;
    const redirectUri = parameters.redirect_uri ?? '';
    const code = response.get('code') ?? '';
    const tokens = await redeem(server, { code, verifier, redirectUri, visitor, response }, wardApp);
    for (const token of [tokens.id_token, tokens.access_token]) {
      expect([await active('ES256'), await active('RS256')]).toContain(signerOf(token));
      await verifyNow(server, token);
    }
    expect(await tryRefresh(server, tokens, wardApp)).toBe('200');
  });

  test('at a request that was pushed', async () => {
    const pushed = await push(server);
    await rotate();
    const visitor = createVisitor(server.issuer);
    const asked = await visitor.follow(await visitor.get(pushed.url));
    let page = await signIn(visitor, asked);
    if (page.html.includes('/consent"')) page = await allow(visitor, page);
    const response = new URL(page.location ?? 'about:blank').searchParams;
    const { verifier, parameters } = pushed.request;
    const redirectUri = parameters.redirect_uri ?? '';
    const code = response.get('code') ?? '';
    const { id_token: token } = await redeem(server, { code, verifier, redirectUri, visitor, response });
    expect((await verifyNow(server, token)).aud).toBe('kete-web');
  });
});

describe('F-09 what was had before a rotation', () => {
  test('is worth the same after it: an opaque token, a refresh token, the session', async () => {
    const { authorised, tokens } = await family();
    await rotate();
    expect(await isActive(server, tokens)).toBe(true);
    const renewed = await renew(server, tokens);
    expect(await isActive(server, renewed)).toBe(true);
    expect(await isSignedIn(server, authorised.visitor)).toBe(true);
    await verifyNow(server, tokens.id_token);
  });

  test('ends with its family: a refresh token that comes back when others have followed it', async () => {
    const { tokens } = await family();
    const second = await renew(server, tokens);
    await rotate();
    const third = await renew(server, second);
    expect(await isActive(server, third)).toBe(true);
    expect(await tryRefresh(server, tokens)).toBe('400 invalid_grant');
    expect(await isActive(server, third)).toBe(false);
    expect(await tryRefresh(server, third)).toBe('400 invalid_grant');
  });

  test('an id_token of the old key is still a hint when its owner signs out', async () => {
    const { authorised, tokens } = await family();
    expect(signerOf(tokens.id_token)).toBe(await active('RS256'));
    await rotate();
    expect(signerOf(tokens.id_token)).not.toBe(await active('RS256'));
    const parameters = {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: 'http://127.0.0.1:8090/',
    };
    const page = await endSession(server, authorised.visitor, parameters);
    const gone = await answerSignOut(authorised.visitor, page, 'out');
    expect(gone.location).toBe('http://127.0.0.1:8090/');
    expect(await isSignedIn(server, authorised.visitor)).toBe(false);
  });
});

/** What may be used once, and how its second use is refused. */
const once: Readonly<Record<string, { sent: () => Promise<() => Promise<Sent>>; refused: string }>> = {
  'a client assertion': {
    async sent() {
      const jwt = await assertion(demoKey(server, 'clinic-jwt'), 'clinic-jwt', server.issuer);
      const system = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
      return async () => form({ ...system, ...assertionForm(jwt) });
    },
    refused: '401 invalid_client',
  },
  'an assertion about Dr Shah': {
    async sent() {
      const about = await userContext(server);
      return () => clinicRequest(about);
    },
    refused: '400 invalid_grant',
  },
  'a proof of possession': {
    async sent() {
      const dpop = await proof(await createProofKey(), `${server.issuer}/token`);
      const system = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
      return async () => request(system, ['clinic-backend', 'demo-secret-clinic-backend'], dpop);
    },
    refused: '400 invalid_dpop_proof',
  },
  'a code': {
    async sent() {
      const parameters = exchangeForm(await authorise(server));
      return async () => kete(parameters);
    },
    refused: '400 invalid_grant',
  },
};

describe.for(Object.entries(once))('%s', ([, { sent, refused }]) => {
  test('that was used before a rotation is refused after it', async () => {
    const next = await sent();
    expect(outcome(await send(server, await next()))).toBe('200');
    await rotate();
    expect(outcome(await send(server, await next()))).toBe(refused);
  });

  test('in two requests, of which one began before a rotation and one after it, serves one of them', async () => {
    const next = await sent();
    const finish = await hold(server, await next());
    await rotate();
    expect(outcome(await send(server, await next()))).toBe('200');
    expect(outcome(await finish())).toBe(refused);
  });
});

test('a token of before is refreshed by a request that is sent twice at once: one is answered', async () => {
  const { tokens } = await family();
  await rotate();
  const both: Answer[] = await Promise.all(
    [1, 2].map(() => tokenRequest(server, refreshForm(tokens.refresh_token))),
  );
  expect(both.map(outcome).toSorted()).toEqual(['200', '400 invalid_grant']);
});
