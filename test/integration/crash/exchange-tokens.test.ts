import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  expectInvalidGrant,
  grantOf,
  invalidGrant,
  isActive,
  newFamily,
  outcome,
  refreshForm,
  tokenRequest,
  tryRefresh,
} from '../../support/exchange.ts';
import { basic, form } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, createVisitor, exchangeForm, keteWeb, type TokenAnswer } from '../../support/visitor.ts';
import { needsServer } from '../database/server.ts';
import { createMortals, killEverywhere, type Mortals } from './mortal.ts';
import { expectWhole } from './whole.ts';

/** F-02, F-03: a node is killed between any two statements of an exchange; another one sees nothing half-done. */

if (needsServer !== undefined)
  console.warn(`No node is killed within an exchange, as nobody could share its database: ${needsServer}`);

describe.skipIf(needsServer !== undefined)('a node that is killed at any statement of', () => {
  let server: TestServer;
  let mortals: Mortals;

  beforeAll(async () => {
    server = await startServer();
    mortals = createMortals(server);
  });
  afterAll(async () => {
    await mortals?.close();
    await server?.close();
  });

  /** Tokens of a family that can be used. */
  async function alive(grant: string): Promise<{ access: number; refresh: number }> {
    const [row] = await server.sql<{ access: number; refresh: number }>(
      `SELECT count(*) FILTER (WHERE model = 'AccessToken') AS access,
              count(*) FILTER (WHERE model = 'RefreshToken' AND consumed_at IS NULL) AS refresh
       FROM oidc_artefacts WHERE grant_id = $1`,
      [grant],
    );
    return row ?? { access: -1, refresh: -1 };
  }

  const issued = async (grant: string) => {
    const rows = await server.sql(
      `SELECT id FROM audit_events WHERE type = 'token.issued' AND detail->>'grant' = $1`,
      [grant],
    );
    return rows.length;
  };

  const LONG = { timeout: 300_000 };

  test('the exchange of a code: it brings tokens once, now or on the other node', LONG, async () => {
    const visitor = createVisitor(server.issuer);
    const tried: string[] = [];
    const passed = await killEverywhere(mortals, async (meet) => {
      const authorised = await authorise(server, { visitor });
      const grant = await grantOf(server, authorised.code);
      const answer = await meet(form(exchangeForm(authorised), basic(...keteWeb)));
      if (answer !== undefined) expect(outcome(answer)).toBe('200');
      const committed = (await issued(grant)) === 1;
      await expectWhole(server);
      const retry = await tokenRequest(server, exchangeForm(authorised));
      tried.push(`${committed}`);
      // One transaction holds it all: either nothing happened, or everything did and this is a replay.
      expect({ committed, retry: outcome(retry) }).toEqual({
        committed,
        retry: committed ? '400 invalid_grant' : '200',
      });
      if (!committed) expect(await isActive(server, JSON.parse(retry.body) as TokenAnswer)).toBe(true);
      expect(await issued(grant)).toBe(1);
      expect(await alive(grant)).toEqual(committed ? { access: 0, refresh: 0 } : { access: 1, refresh: 1 });
      expectInvalidGrant(await tokenRequest(server, exchangeForm(authorised)));
      expect(await alive(grant)).toEqual({ access: 0, refresh: 0 });
      await expectWhole(server);
    });
    console.log(`killed at each of ${passed.length} places: ${passed.join(', ')}`);
    // Killed after the commit, and not at all: these two left tokens behind, no other place did.
    expect(tried.filter((one) => one === 'true')).toHaveLength(2);
    expect(passed.length).toBeGreaterThan(8);
    expect(passed).toEqual(expect.arrayContaining(['BEGIN', 'COMMIT', 'after COMMIT']));
  });

  test('the use of a refresh token: it brings a successor once, now or on the other node', LONG, async () => {
    const visitor = createVisitor(server.issuer);
    const tried: string[] = [];
    const passed = await killEverywhere(mortals, async (meet) => {
      const { first } = await newFamily(server, { visitor });
      const grant = await grantOf(server, first.access_token);
      const before = await issued(grant);
      const known = (await alive(grant)).refresh;
      const answer = await meet(form(refreshForm(first.refresh_token), basic(...keteWeb)));
      if (answer !== undefined) expect(outcome(answer)).toBe('200');
      const committed = (await issued(grant)) === before + 1;
      tried.push(`${committed}`);
      await expectWhole(server);
      const retry = await tokenRequest(server, refreshForm(first.refresh_token));
      expect({ committed, retry: outcome(retry) }).toEqual({
        committed,
        retry: committed ? '400 invalid_grant' : '200',
      });
      // Its successor is unused: a client that lost the answer has ended nothing by asking again.
      expect((await alive(grant)).refresh).toBe(known);
      expect(await issued(grant)).toBe(before + 1);
      const again = await tokenRequest(server, refreshForm(first.refresh_token));
      expect({ status: again.status, body: again.body }).toEqual({ status: 400, body: invalidGrant });
      expect((await alive(grant)).refresh).toBe(known);
      if (!committed) expect(await tryRefresh(server, JSON.parse(retry.body) as TokenAnswer)).toBe('200');
      await expectWhole(server);
    });
    console.log(`killed at each of ${passed.length} places: ${passed.join(', ')}`);
    expect(tried.filter((one) => one === 'true')).toHaveLength(2);
    expect(passed.length).toBeGreaterThan(8);
    expect(passed).toEqual(expect.arrayContaining(['BEGIN', 'COMMIT', 'after COMMIT']));
  });

  test('and the person signs in and authorises anew, without anybody cleaning up', async () => {
    const { first } = await newFamily(server);
    expect(await isActive(server, first)).toBe(true);
  });
});
