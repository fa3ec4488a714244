import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { refreshForm, tokenRequest } from '../../support/exchange.ts';
import type { Answer } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  endings,
  expectDone,
  fillUp,
  listed,
  revoke,
  type Statements,
  watchStatements,
} from '../../support/taken-back.ts';
import { addNotes, askedBy, isActiveAt } from '../attacks/jwts.ts';
import { type Family, families, familyGrant, jtiOf } from './families.ts';

/** A database that fails while a token is taken back: it says so, and nothing is half done. */

let server: TestServer;
let statements: Statements;

beforeAll(async () => {
  server = await startServer();
  await addNotes(server);
  statements = watchStatements(server);
});
afterEach(() => statements.fail());
afterAll(async () => {
  statements.stop();
  await server.close();
});

function expectUnavailable({ status, headers, body }: Answer): void {
  expect({ status, body: JSON.parse(body) }).toMatchObject({
    status: 503,
    body: { error: 'temporarily_unavailable' },
  });
  expect(headers).toMatchObject({ 'retry-after': '1', 'cache-control': 'no-store' });
  expect(body).not.toContain('active');
}

describe.for(families)('$what', ({ api, client, start }) => {
  let family: Family;
  let grant: string;

  const tokens = () => ({
    'an access token': family.first.access_token,
    'a refresh token': family.first.refresh_token ?? '',
  });

  async function expectAlive(): Promise<void> {
    const { access_token: token } = family.first;
    expect(await isActiveAt(server, api, token)).toBe(true);
    expect(await endings(server, grant)).toEqual([]);
    expect(await listed(server, grant)).toEqual([]);
    if (token.includes('.')) expect(await listed(server, jtiOf(token))).toEqual([]);
    const [row] = await server.sql<{ ended_at: Date | null }>(
      'SELECT ended_at FROM grants WHERE grant_id = $1',
      [grant],
    );
    expect(row).toEqual({ ended_at: null });
  }

  beforeAll(async () => {
    family = await start(server);
    grant = await familyGrant(server, family);
  });

  test('(the audit cannot be written) 503, and nothing has changed', async () => {
    const putRight = await fillUp(server, 'token.revoked');
    for (const token of Object.values(tokens())) expectUnavailable(await revoke(server, token, client));
    await putRight();
    await expectAlive();
  });

  test('(the end of the grant cannot be written) 503, and nothing has changed', async () => {
    const putRight = await fillUp(server, 'grant.ended');
    expectUnavailable(await revoke(server, family.first.refresh_token, client));
    await putRight();
    await expectAlive();
  });

  test.for([
    ['the list cannot be written', /^revocations_add$/],
    ['tokens cannot be found', /^oidc_artefacts_find$/],
    ['tokens cannot be deleted', /^oidc_artefacts_(destroy|revoke)$/],
    ['clients cannot be found', /^clients_find$/],
    ['everything fails', /./],
  ] as const)('(%s) 503 or nothing to do, never half of it', async ([, pattern]) => {
    for (const token of Object.values(tokens())) {
      statements.fail(pattern);
      statements.take();
      const answer = await revoke(server, token, client);
      const met = statements.take().some((name) => pattern.test(name));
      statements.fail();
      if (met) {
        expectUnavailable(answer);
        await expectAlive();
      } else {
        expectDone(answer);
        family = await start(server);
        grant = await familyGrant(server, family);
      }
    }
  });

  test('afterwards both can be taken back', async () => {
    const { 'an access token': access, 'a refresh token': refresh } = tokens();
    expectDone(await revoke(server, access, client));
    expect(await isActiveAt(server, api, access)).toBe(false);
    expectDone(await revoke(server, refresh, client));
    expect((await tokenRequest(server, refreshForm(refresh), client)).status).toBe(400);
  });
});

describe('introspection', () => {
  test.for(families)('of $what: 503 when the database cannot say, never active', async ({ api, start }) => {
    const { first } = await start(server);
    statements.fail(/^(consents_of_grant|accounts_find|oidc_artefacts_find)$/);
    expectUnavailable(await askedBy(server, api, first.access_token));
    statements.fail();
    expect(await isActiveAt(server, api, first.access_token)).toBe(true);
  });
});
