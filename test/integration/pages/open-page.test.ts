import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  type Authorised,
  allow,
  authorise,
  exchange,
  exchangeForm,
  keteWeb,
  signIn,
  usualScope,
} from '../../support/visitor.ts';
import { begin, linesOf, responseOf, visit } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const refresh = (token: string | undefined) =>
  server.token({ grant_type: 'refresh_token', refresh_token: token ?? '' }, keteWeb);

/** What may happen to the tokens of a browser while one of its pages is open. */
const endings: Readonly<Record<string, (old: Authorised) => Promise<void>>> = {
  'a code is used twice': async (old) => {
    await exchange(server, old);
    expect((await server.token(exchangeForm(old), keteWeb)).status).toBe(400);
  },
  'a refresh token is used twice': async (old) => {
    const { refresh_token: first } = await exchange(server, old);
    const { refresh_token: second } = (await (await refresh(first)).json()) as { refresh_token: string };
    expect((await refresh(second)).status).toBe(200);
    expect((await refresh(first)).status).toBe(400);
  },
  'she takes a line back in another tab': async (old) => {
    const { page } = await begin(server, { visitor: old.visitor, change: { prompt: 'consent' } });
    expect(responseOf(await allow(old.visitor, page, ['patient/Appointment.rs'])).has('code')).toBe(true);
  },
  'she takes a line back on another device': async () => {
    await authorise(server, { change: { prompt: 'consent' }, without: ['patient/Appointment.rs'] });
  },
};

describe.for(Object.keys(endings))('while a page is open, %s', (name) => {
  const open = async (prompt: string) => {
    const again = await authorise(server, { visitor: visit(server), change: { prompt: 'consent' } });
    const begun = await begin(server, { visitor: again.visitor, change: { prompt } });
    await endings[name]?.(again);
    return begun;
  };

  test('and the consent page still counts', async () => {
    const { visitor, page, request } = await open('consent');
    expect(await visitor.get(page.url)).toMatchObject({ status: 200 });
    const response = responseOf(await allow(visitor, page));
    const code = response.get('code') ?? '';
    const { verifier, parameters } = request;
    const redirectUri = parameters.redirect_uri ?? '';
    const tokens = await exchange(server, { code, verifier, redirectUri, visitor, response });
    const { unticked } = linesOf(page);
    expect(tokens.scope.split(' ').sort()).toEqual(
      usualScope
        .split(' ')
        .filter((scope) => !unticked.includes(scope))
        .sort(),
    );
    expect((await refresh(tokens.refresh_token)).status).toBe(200);
  });

  test('and the sign-in page still counts', async () => {
    const { visitor, page } = await open('login');
    expect(responseOf(await signIn(visitor, page)).has('code')).toBe(true);
  });
});
