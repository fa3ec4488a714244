import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  expectInvalidGrant,
  grantOf,
  isActive,
  newFamily,
  refreshForm,
  tokenRequest,
  tryRefresh,
} from '../../support/exchange.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { type Authorised, authorise, exchangeForm, type TokenAnswer } from '../../support/visitor.ts';

/** No token without a live account, a live consent and a live grant: all of one family, each ended by itself. */

let server: TestServer;
let tokens: TokenAnswer;
let waiting: Authorised;
let grant: string;

beforeAll(async () => {
  server = await startServer();
});
beforeEach(async () => {
  const family = await newFamily(server);
  tokens = family.first;
  waiting = await authorise(server, { visitor: family.visitor });
  grant = await grantOf(server, tokens.access_token);
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

const consent = 'WHERE id = (SELECT consent_id FROM grants WHERE grant_id = $1)';

/** Each ends what the family stands on, and can put it right again. */
const endings = [
  {
    what: 'the account was disabled',
    end: `UPDATE accounts SET disabled_at = now() WHERE id = (SELECT account_id FROM consents ${consent})`,
    restore: `UPDATE accounts SET disabled_at = NULL WHERE id = (SELECT account_id FROM consents ${consent})`,
  },
  {
    what: 'the consent was taken back',
    end: `UPDATE consents SET ended_at = now(), end_reason = 'withdrawn' ${consent}`,
    restore: `UPDATE consents SET ended_at = NULL, end_reason = NULL ${consent}`,
  },
  {
    what: 'the consent ran out',
    end: `UPDATE consents SET expires_at = now() - interval '1 second' ${consent}`,
    restore: `UPDATE consents SET expires_at = now() + interval '1 day' ${consent}`,
  },
  {
    what: 'the grant ended',
    end: 'UPDATE grants SET ended_at = now() WHERE grant_id = $1',
    restore: 'UPDATE grants SET ended_at = NULL WHERE grant_id = $1',
  },
] as const;

interface Counts {
  readonly artefacts: number;
  readonly issued: number;
}

async function counts(): Promise<Counts | undefined> {
  const rows = await server.sql<Counts>(
    `SELECT (SELECT count(*) FROM oidc_artefacts WHERE consumed_at IS NULL) AS artefacts,
            (SELECT count(*) FROM audit_events WHERE type = 'token.issued') AS issued`,
  );
  return rows[0];
}

describe.each(endings)('CO-03 when $what', ({ end, restore }) => {
  test('nothing is issued: not for a refresh token, not for a code; and nothing is left of the try', async () => {
    await server.sql(end, [grant]);
    const before = await counts();
    expectInvalidGrant(await tokenRequest(server, refreshForm(tokens.refresh_token)));
    expectInvalidGrant(await tokenRequest(server, exchangeForm(waiting)));
    expect(await counts()).toEqual(before);
    await server.sql(restore, [grant]);
  });

  test('the access token is inactive at once', async () => {
    expect(await isActive(server, tokens)).toBe(true);
    await server.sql(end, [grant]);
    expect(await isActive(server, tokens)).toBe(false);
    await server.sql(restore, [grant]);
  });

  test('a try has used up nothing: put right, refresh token and code are good', async () => {
    await server.sql(end, [grant]);
    await tokenRequest(server, refreshForm(tokens.refresh_token));
    await tokenRequest(server, exchangeForm(waiting));
    await server.sql(restore, [grant]);
    expect(await isActive(server, tokens)).toBe(true);
    expect(await tryRefresh(server, tokens)).toBe('200');
    expect((await tokenRequest(server, exchangeForm(waiting))).status).toBe(200);
  });
});

describe('when what the library keeps of a grant is gone or over', () => {
  test.each([
    ['gone', `DELETE FROM oidc_artefacts WHERE model = 'Grant' AND id = $1`],
    [
      'over',
      `UPDATE oidc_artefacts SET expires_at = now() - interval '1 second' WHERE model = 'Grant' AND id = $1`,
    ],
  ])('%s: nothing is issued, and the access token is inactive', async (_what, sql) => {
    await server.sql(sql, [grant]);
    const before = await counts();
    expectInvalidGrant(await tokenRequest(server, refreshForm(tokens.refresh_token)));
    expectInvalidGrant(await tokenRequest(server, exchangeForm(waiting)));
    expect(await isActive(server, tokens)).toBe(false);
    expect(await counts()).toEqual(before);
  });
});

describe('when the consent of another person ends', () => {
  test('nothing happens to this one', async () => {
    const { first: toms } = await newFamily(server, { identifier: 'tom@example.test' });
    const tomsGrant = await grantOf(server, toms.access_token);
    await server.sql(`UPDATE consents SET ended_at = now(), end_reason = 'withdrawn' ${consent}`, [
      tomsGrant,
    ]);
    expect(await isActive(server, toms)).toBe(false);
    expect(await isActive(server, tokens)).toBe(true);
    expect(await tryRefresh(server, tokens)).toBe('200');
  });
});
