import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorisationRequest } from '../../support/visitor.ts';
import { ask, expectAsked, expectPage, expectRedirect, state } from './answers.ts';

/** One name, one value: what is checked and what is used is then the same (AZ-03, RFC 6749 section 3.1). */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.close());

const usual = (name: string) => authorisationRequest(server.issuer, { state }).parameters[name] ?? '';

describe('AZ-03 a parameter that stands there twice', () => {
  const certain = ['response_type', 'scope', 'aud', 'code_challenge', 'code_challenge_method'] as const;

  test.for(certain)('%s, with the same value', async (name) => {
    const page = await ask(server, { state }, [[name, usual(name)]]);
    expectRedirect(page, { issuer: server.issuer, error: 'invalid_request', state });
  });

  test.for([...certain, 'nonce', 'prompt', 'max_age', 'acr_values', 'login_hint'])(
    '%s, with another value',
    async (name) => {
      const first = usual(name) || '1';
      const page = await ask(server, { state, [name]: first }, [[name, 'x']]);
      expectRedirect(page, { issuer: server.issuer, error: 'invalid_request', state });
    },
  );

  test('state: neither of the two is sent back', async () => {
    const page = await ask(server, { state }, [['state', 'another-state']]);
    const location = page.location ?? '';
    expectRedirect(page, { issuer: server.issuer, error: 'invalid_request', state: null });
    expect(location).not.toContain('another-state');
  });

  test.for(['client_id', 'redirect_uri'])(
    '%s, with the same value: nothing is certain any more',
    async (name) => {
      expectPage(await ask(server, {}, [[name, usual(name)]]), 'invalid_request');
    },
  );

  test.for([
    ['client_id', 'kete-spa'],
    ['client_id', 'nobody'],
    ['redirect_uri', 'https://evil.example.test/cb'],
    ['redirect_uri', 'http://127.0.0.1:8090/'],
  ] as const)('%s, the second time %s', async ([name, value]) => {
    expectPage(await ask(server, {}, [[name, value]]), 'invalid_request');
  });

  test('of which the first is empty', async () => {
    const page = await ask(server, { scope: '', state }, [['scope', 'openid']]);
    expectRedirect(page, { issuer: server.issuer, error: 'invalid_request', state });
  });
});

describe('AZ-03 a parameter in the shape of an array', () => {
  test.for([
    'scope[]',
    'scope[0]',
    'state[]',
    'client_id[]',
    'redirect_uri[]',
    'response_type[]',
    'aud[]',
    'prompt[]',
  ])('%s has no effect beside the real one', async (name) => {
    expectAsked(await ask(server, {}, [[name, 'https://evil.example.test/']]), server.issuer);
  });

  test.for(['client_id', 'redirect_uri'])('%s[] does not take the place of the real one', async (name) => {
    const page = await ask(server, { [name]: undefined }, [[`${name}[]`, usual(name)]]);
    expectPage(page, 'invalid_request');
  });

  test.for([
    ['scope', 'invalid_scope'],
    ['response_type', 'invalid_request'],
    ['code_challenge', 'invalid_request'],
    ['aud', 'invalid_request'],
  ] as const)('%s[] does not take the place of the real one', async ([name, error]) => {
    const page = await ask(server, { state, [name]: undefined }, [[`${name}[]`, usual(name)]]);
    expectRedirect(page, { issuer: server.issuer, error, state });
  });
});

test('parameters that nobody knows are ignored (RFC 6749 section 3.1)', async () => {
  const more = [
    ['constructor', 'x'],
    ['toString', 'x'],
    ['favourite_colour', 'green'],
    ['favourite_colour', 'blue'],
  ] as const;
  expectAsked(await ask(server, {}, more), server.issuer);
});
