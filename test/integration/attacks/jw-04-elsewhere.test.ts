import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { newFamily, renew } from '../../support/exchange.ts';
import { send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import {
  addNotes,
  askedBy,
  expectUseless,
  isActiveAt,
  kinds,
  newNotesFamily,
  notesWeb,
  verdictOf,
} from './jwts.ts';

/** Good tokens at the wrong place or at the wrong time: another API, another environment, after their end. */

/** Seconds that a test may take between two steps without changing what is being tested. */
const MARGIN = 60;

let server: TestServer;
/** Another environment. It has the same signing keys, as after a careless copy of the database. */
let other: TestServer;

beforeAll(async () => {
  [server, other] = await Promise.all([startServer(), startServer()]);
  await Promise.all([addNotes(server), addNotes(other)]);
});
afterEach(() => shiftTime(0));
afterAll(() => Promise.all([server.close(), other.close()]));

const apis = [...new Set(kinds.map(({ api }) => api))];

const keysOf = async ({ issuer }: TestServer) => (await fetch(`${issuer}/jwks`)).text();

test('JW-04 the two environments could take each other’s signatures for their own', async () => {
  expect(await keysOf(other)).toBe(await keysOf(server));
  expect(other.issuer).not.toBe(server.issuer);
});

describe.for(kinds)('JW-04 the token of $what', ({ api, audience, profile, obtain }) => {
  let token: string;
  beforeAll(async () => {
    token = (await obtain(server)).access_token;
  });

  test('is for one API, from this issuer, for 300 s at most', () => {
    const { iss, aud, iat = 0, exp = 0 } = decodeJwt(token);
    expect({ iss, aud }).toEqual({ iss: server.issuer, aud: audience(server.issuer) });
    expect(exp - iat).toBeGreaterThan(0);
    expect(exp - iat).toBeLessThanOrEqual(300);
    if (profile !== undefined) expect(exp - iat).toBe(300);
  });

  test('is good for the resource server of that API alone', async () => {
    for (const one of apis) expect([one, await isActiveAt(server, one, token)]).toEqual([one, one === api]);
    if (profile === undefined) return;
    for (const one of ['spine-core', 'gp-connect'] as const)
      expect(await verdictOf(server.issuer, one, token)).toBe(one === profile ? 'accepted' : 'refused');
  });

  test('is useless in another environment', async () => {
    await expectUseless(other, token);
  });

  test('is good for most of its 300 s, and not after them', async () => {
    const { access_token: fresh } = await obtain(server);
    shiftTime(300 - MARGIN);
    expect(await isActiveAt(server, api, fresh)).toBe(true);
    shiftTime(301);
    await expectUseless(server, fresh);
  });

  test('is refused by who checks it himself as if it came from the future', async () => {
    shiftTime(-3600);
    for (const one of ['spine-core', 'gp-connect'] as const)
      expect(await verdictOf(server.issuer, one, token)).toBe('refused');
  });
});

test('JW-04 an opaque token is for one API, too, and useless in another environment', async () => {
  const { first } = await newFamily(server);
  for (const api of apis) {
    const { body } = await askedBy(server, api, first.access_token);
    expect({ api, body }).toEqual({ api, body: '{"active":false}' });
  }
  await expectUseless(other, first.access_token);
});

test('JW-04 a refreshed token lives no longer than the first', async () => {
  const { first } = await newNotesFamily(server);
  shiftTime(200);
  const { iat = 0, exp = 0 } = decodeJwt((await renew(server, first, notesWeb)).access_token);
  expect(exp - iat).toBeLessThanOrEqual(300);
});

test('JW-04 an ID token of another environment is no hint who signs out', async () => {
  const { first } = await newNotesFamily(server);
  const query = new URLSearchParams({ id_token_hint: first.id_token ?? '' });
  const headers = { Accept: 'application/json' };
  const answer = await send(other, { method: 'GET', path: `/session/end?${query}`, headers });
  expect({ status: answer.status, ...JSON.parse(answer.body) }).toMatchObject({
    status: 400,
    error: 'invalid_request',
  });
});
