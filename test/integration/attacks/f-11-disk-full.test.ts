import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import {
  isActive,
  keteSpa,
  newFamily,
  refreshForm,
  spaChange,
  tokenRequest,
} from '../../support/exchange.ts';
import { type Answer, basic, eventually, form, register, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorisationRequest, authorise, createVisitor, exchangeForm } from '../../support/visitor.ts';

/**
 * A volume without space, as a node meets it: PostgreSQL refuses every statement that would write (SQLSTATE 53100) and
 * answers all others.
 */

const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');
const flagsSecret = 'a-secret-of-the-flags-server-itself';
const grant = { grant_type: 'client_credentials', scope: 'system/Flag.read' };

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await register(server, {
    client_id: 'flags-server',
    client_secret: flagsSecret,
    grant_types: [],
    organization: 'platform',
    apis: { 'reasonable-adjustments': 'introspect' },
  });
  await server.sql(`CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'could not extend file'; END $$`);
});
afterAll(() => server.close());

/** Takes the space away from these tables while something happens. */
async function full<T>(tables: readonly string[], work: () => Promise<T>): Promise<T> {
  for (const table of tables)
    await server.sql(`CREATE TRIGGER no_space BEFORE INSERT OR UPDATE OR DELETE ON ${table}
                      FOR EACH STATEMENT EXECUTE FUNCTION no_space()`);
  try {
    return await work();
  } finally {
    for (const table of tables) await server.sql(`DROP TRIGGER no_space ON ${table}`);
  }
}

/** All tables but the limits' counters, which may be lost and are kept in memory then. */
const everything = async () =>
  (
    await server.sql<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables
       WHERE table_schema = 'public' AND table_name NOT LIKE 'knex%'`,
    )
  ).map(({ name }) => name);

/** The caller is told to come again, and nothing more. */
function expectPostponed({ status, headers, body }: Answer): void {
  expect({ status, body: body.slice(0, 200) }).toEqual({ status: 503, body: expect.any(String) });
  expect(headers['retry-after']).toMatch(/^\d+$/);
  expect(body).not.toMatch(/access_token|invalid_grant|invalid_client|extend file/);
}

const issued = async () =>
  (await server.sql(`SELECT id FROM audit_events WHERE type = 'token.issued' ORDER BY id`)).length;

const ask = (token: string, { secret = flagsSecret } = {}) =>
  send(server, { ...form({ token }, basic('flags-server', secret)), path: '/token/introspection' });

describe.for<[string, () => Promise<readonly string[]>]>([
  ['the database has no space left', everything],
  ['the audit has no space left', async () => ['audit_events']],
])('F-11 while %s', ([, tables]) => {
  test('no token is issued; keys, documents and tokens of before are as ever; afterwards all goes on', async () => {
    const { first, visitor } = await newFamily(server);
    const waiting = await authorise(server, { visitor });
    const another = await newFamily(server, { change: spaChange, client: keteSpa });
    const signed = JSON.parse((await send(server, form(grant, clinic))).body) as { access_token: string };
    const key = demoKey(server, 'clinic-jwt');
    const jwt = await assertion(key, 'clinic-jwt', server.issuer);
    const before = await issued();

    await full(await tables(), async () => {
      expectPostponed(await send(server, form(grant, clinic)));
      expectPostponed(await send(server, form({ ...grant, ...assertionForm(jwt) })));
      expectPostponed(await tokenRequest(server, exchangeForm(waiting)));
      expectPostponed(await tokenRequest(server, refreshForm(first.refresh_token)));
      expectPostponed(await tokenRequest(server, refreshForm(another.first.refresh_token), keteSpa));
      expectPostponed(
        await send(server, { ...form({ token: signed.access_token }, clinic), path: '/token/revocation' }),
      );
      for (const path of ['/jwks', '/.well-known/openid-configuration', '/health/live'])
        expect(await send(server, { method: 'GET', path })).toMatchObject({ status: 200 });
      expect(JSON.parse((await ask(signed.access_token)).body)).toMatchObject({ active: true });
      expect(await isActive(server, first)).toBe(true);
    });

    expect(await issued()).toBe(before);
    const works = async () => ((await send(server, form(grant, clinic))).status === 200 ? true : undefined);
    expect(await eventually(works)).toBe(true);
    expect((await tokenRequest(server, exchangeForm(waiting))).status).toBe(200);
    expect((await tokenRequest(server, refreshForm(first.refresh_token))).status).toBe(200);
    expect((await tokenRequest(server, refreshForm(another.first.refresh_token), keteSpa)).status).toBe(200);
    const taken = { ...form({ token: signed.access_token }, clinic), path: '/token/revocation' };
    expect((await send(server, taken)).status).toBe(200);
    expect((await ask(signed.access_token)).body).toBe('{"active":false}');
  });

  test('who wants to sign in or decide gets a page that says when to try again, and can then', async () => {
    const visitor = createVisitor(server.issuer);
    const { url } = authorisationRequest(server.issuer);
    await full(await tables(), async () => {
      const page = await visitor.follow(await visitor.get(url));
      // Where interactions are in Redis, or have no row in the audit, the page is there; the password then is not taken.
      expect([200, 503]).toContain(page.status);
      if (page.status === 503) expect(page.headers.get('retry-after')).toMatch(/^\d+$/);
      await expect(authorise(server, { visitor })).rejects.toThrow(/\(503\)/);
    });
    expect((await authorise(server, { visitor })).code).toMatch(/^[\w-]{43}$/);
  });
});
