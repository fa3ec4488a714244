import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createLinks } from '../../../src/upstream/links.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { forgetPeople } from '../accounts/people.ts';
import { importSource } from '../upstream/elsewhere.ts';

/** Nobody takes out her last way to sign in, from whichever page, however many she takes out at once. */

let server: TestServer;
let links: ReturnType<typeof createLinks>;
const issuers = ['https://one.example.test', 'https://two.example.test'] as const;

beforeAll(async () => {
  server = await startServer();
  links = createLinks({ ...server.services, notify: async () => {} });
  for (const [at, issuer] of issuers.entries())
    await importSource(server, { id: `s${at}`, name: `s${at}`, issuer, client_id: 'here' });
});
afterEach(() => forgetPeople(server));
afterAll(() => server?.close());

interface Ways {
  readonly passkeys?: number;
  readonly links?: number;
  readonly password?: 'with a name' | 'without a name';
}

/** Somebody with these ways in, and nothing else. */
async function somebody({ passkeys = 0, links: linked = 0, password }: Ways): Promise<string> {
  const { sql, services } = server;
  const id = services.ids.uuid();
  await sql(
    `INSERT INTO accounts (id, name, password_hash, created_at, updated_at) VALUES ($1, 'Somebody', $2, now(), now())`,
    [id, password === undefined ? null : 'a hash'],
  );
  if (password === 'with a name') await sql('INSERT INTO account_identifiers VALUES ($1, $2)', [id, id]);
  for (let n = 0; n < passkeys; n += 1)
    await sql(
      `INSERT INTO passkeys (id, account_id, public_key, counter, transports, synced, name, created_at)
       VALUES ($1, $2, '', 0, '[]', false, 'Phone', now())`,
      [`${id}-${n}`, id],
    );
  for (const issuer of issuers.slice(0, linked)) await links.add(id, 'source', issuer, id);
  return id;
}

async function remove(id: string, what: 'passkey' | 'link', at: number): Promise<boolean> {
  if (what === 'link') return links.remove(id, issuers[at] ?? '');
  return (await server.services.credentials.passkeys.remove(id, `${id}-${at}`)) === undefined;
}

async function left(id: string): Promise<number> {
  const [row] = await server.sql<{ count: number }>(
    `SELECT ((SELECT count(*) FROM passkeys WHERE account_id = $1)
           + (SELECT count(*) FROM linked_identities WHERE account_id = $1))::integer AS count`,
    [id],
  );
  return row?.count ?? 0;
}

test.for<[string, Ways, number]>([
  ['two passkeys', { passkeys: 2 }, 1],
  ['two links', { links: 2 }, 1],
  ['a passkey and a link', { passkeys: 1, links: 1 }, 1],
  ['two of each', { passkeys: 2, links: 2 }, 1],
  ['a passkey, and a password that goes with no name', { passkeys: 1, password: 'without a name' }, 1],
  ['two of each and a password', { passkeys: 2, links: 2, password: 'with a name' }, 0],
])('of %s, all taken out at once, what is needed stays', async ([, ways, expected]) => {
  const id = await somebody(ways);
  await Promise.all([
    ...Array.from({ length: ways.passkeys ?? 0 }, (_, at) => remove(id, 'passkey', at)),
    ...Array.from({ length: ways.links ?? 0 }, (_, at) => remove(id, 'link', at)),
  ]);
  expect(await left(id)).toBe(expected);
});

test('a link to a source that is not offered any more is no way in', async () => {
  const id = await somebody({ passkeys: 1, links: 1 });
  await server.services.sources.remove('s0');
  expect(await remove(id, 'passkey', 0)).toBe(false);
  expect(await left(id)).toBe(2);
});
