import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  expectInvalidGrant,
  grantOf,
  isActive,
  keteSpa,
  newFamily,
  refreshForm,
  renew,
  spaChange,
  tokenRequest,
  tryRefresh,
} from '../../support/exchange.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { keteWeb, type TokenAnswer } from '../../support/visitor.ts';

/** RT-04: refresh tokens end when they lie idle, and at an end that no rotation moves. */

const HOUR = 3600;
const DAY = 24 * HOUR;
/** Seconds that a test may take between two steps without changing what is being tested. */
const MARGIN = 60;

const kinds = [
  { what: 'an application in a browser', client: keteSpa, change: spaChange, idle: 8 * HOUR, end: 24 * HOUR },
  { what: 'a confidential application', client: keteWeb, change: {}, idle: 30 * DAY, end: 90 * DAY },
];

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

/** Lets consent and grant last, so that what ends is the refresh token itself. */
async function outlast({ access_token: token }: TokenAnswer): Promise<void> {
  const grant = await grantOf(server, token);
  await server.sql(
    `UPDATE consents SET expires_at = expires_at + interval '1 year'
     WHERE id = (SELECT consent_id FROM grants WHERE grant_id = $1)`,
    [grant],
  );
  await server.sql(
    `UPDATE oidc_artefacts SET expires_at = expires_at + interval '1 year',
       payload = jsonb_set(payload, '{exp}', to_jsonb((payload->>'exp')::bigint + 31536000))
     WHERE model = 'Grant' AND id = $1`,
    [grant],
  );
}

describe.each(kinds)('RT-04 the refresh tokens of $what', ({ client, change, idle, end }) => {
  const start = () => newFamily(server, { change, client });

  test('work after they lay idle for as long as they may', async () => {
    const { first } = await start();
    shiftTime(idle - MARGIN);
    expect(await tryRefresh(server, first, client)).toBe('200');
  });

  test('end when they lay idle for longer', async () => {
    const { first } = await start();
    shiftTime(idle + 1);
    expectInvalidGrant(await tokenRequest(server, refreshForm(first.refresh_token), client));
    shiftTime(0);
  });

  test('begin their idle time anew when they are used', async () => {
    const { first } = await start();
    shiftTime(idle - MARGIN);
    const second = await renew(server, first, client);
    shiftTime(2 * idle - 3 * MARGIN);
    expect(await isActive(server, await renew(server, second, client))).toBe(true);
  });

  test('end at their absolute end, however busy they were, and no rotation moves it', async () => {
    const { first } = await start();
    await outlast(first);
    let latest = first;
    for (let at = idle / 2; at < end; at += idle / 2) {
      shiftTime(at);
      latest = await renew(server, latest, client);
    }
    shiftTime(end - MARGIN);
    latest = await renew(server, latest, client);
    shiftTime(end + 1);
    expectInvalidGrant(await tokenRequest(server, refreshForm(latest.refresh_token), client));
  });

  test('are stored to end no later than that', async () => {
    const { first } = await start();
    await outlast(first);
    shiftTime(idle - MARGIN);
    let latest = await renew(server, first, client);
    for (let at = idle; at < end - MARGIN; at += idle - MARGIN) {
      shiftTime(at);
      latest = await renew(server, latest, client);
    }
    shiftTime(0);
    const [row] = await server.sql<{ left: number }>(
      `SELECT extract(epoch FROM max(expires_at))::float8 - $2 AS left FROM oidc_artefacts
       WHERE model = 'RefreshToken' AND grant_id = $1`,
      [await grantOf(server, latest.access_token), Date.now() / 1000],
    );
    expect(row?.left).toBeLessThanOrEqual(end + 1);
  });
});

describe('RT-04 the end of a consent', () => {
  test('is the end of every refresh token that came from it', async () => {
    const { first } = await newFamily(server);
    shiftTime(29 * DAY);
    let latest = await renew(server, first);
    for (const day of [58, 87]) {
      shiftTime(day * DAY);
      latest = await renew(server, latest);
    }
    shiftTime(90 * DAY + 1);
    expect(await tryRefresh(server, latest)).toBe('400 invalid_grant');
    expect(await isActive(server, latest)).toBe(false);
  });
});
