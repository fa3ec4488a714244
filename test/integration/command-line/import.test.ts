import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChildServer, startChildServer } from '../../support/child.ts';
import { wardBoard } from '../../unit/clients/registrations.ts';
import { createWorld, type World } from './world.ts';

/** What the ward board's maker chose, long enough. */
const givenSecret = 'kereru-sings-at-dawn-in-the-kowhai-tree-today';

const hash = (secret: string) => createHash('sha256').update(secret).digest('base64url');

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.dispose());

let files = 0;
function importing(content: unknown): Promise<string> {
  files += 1;
  const file = join(world.dataDir, `clients-${files}.json`);
  writeFileSync(file, JSON.stringify(content));
  return world.out('client', 'import', file);
}

const secretIn = (output: string) => String(/client_secret \(shown this once\): (\S+)/.exec(output)?.[1]);

describe('assent client import', () => {
  // In the order of the story: a client is registered, another gets its secret from us, both are changed.
  let generated = '';

  test('takes one object, with the client_id and the secret that it names', async () => {
    const output = await importing({ ...wardBoard, client_secret: givenSecret });
    expect(output).toBe('created  ward-board\n');
  });

  test('takes an array, makes a secret that is missing and shows it, and says what it ignores', async () => {
    const output = await importing([
      { ...wardBoard, client_id: 'night-board', favourite_colour: 'green', default_max_age: 60 },
      { ...wardBoard, client_id: 'day-board', client_secret: 'short' },
    ]);
    generated = secretIn(output);
    expect(generated).toMatch(/^[\w-]{43}$/);
    expect(output.split('\n')).toEqual([
      'created  night-board',
      `  client_secret (shown this once): ${generated}`,
      '  ignored: favourite_colour, default_max_age',
      'created  day-board',
      expect.stringMatching(/^ {2}warning: a secret has fewer than/),
      '',
    ]);
  });

  test('takes a map, and updates what exists without touching its secret', async () => {
    const { client_id: _, ...nameless } = wardBoard;
    const output = await importing({
      'ward-board': { ...nameless, client_name: 'Ward board 2' },
      'night-board': nameless,
      'attic-board': nameless,
    });
    expect(output.match(/^\w+ {2}\S+$/gm)).toEqual([
      'updated  ward-board',
      'updated  night-board',
      'created  attic-board',
    ]);
    expect(output.match(/client_secret/g), 'only the new client gets one').toHaveLength(1);
  });

  test('AD-06 leaves hashes in the database, and nowhere a secret', async () => {
    const { dump, hashes, names } = await world.look(async (sql) => {
      const tables = await sql<{ name: string }>(
        `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
      );
      const parts: unknown[] = [];
      for (const { name } of tables) parts.push(await sql(`SELECT one::text AS row FROM "${name}" AS one`));
      return {
        dump: JSON.stringify(parts),
        hashes: await sql(
          "SELECT client_id, hash FROM client_secrets WHERE client_id IN ('ward-board', 'night-board') ORDER BY client_id",
        ),
        names: await sql(
          "SELECT metadata->>'client_name' AS name, demo FROM clients WHERE client_id = 'ward-board'",
        ),
      };
    });
    expect(hashes).toEqual([
      { client_id: 'night-board', hash: hash(generated) },
      { client_id: 'ward-board', hash: hash(givenSecret) },
    ]);
    expect(names).toEqual([{ name: 'Ward board 2', demo: false }]);
    expect(dump).not.toContain(givenSecret);
    expect(dump).not.toContain(generated);
  });

  test('AD-06 leaves a record of each client, with who did it and no secret, nor its hash', async () => {
    const rows = await world.look((sql) =>
      sql<{ type: string; client_id: string; organization: string; detail: Record<string, unknown> }>(
        `SELECT type, client_id, organization, detail FROM audit_events
         WHERE client_id LIKE '%-board' ORDER BY at, client_id`,
      ),
    );
    expect(rows.map(({ type, client_id }) => `${type} ${client_id}`).toSorted()).toEqual([
      'client.created attic-board',
      'client.created day-board',
      'client.created night-board',
      'client.created ward-board',
      'client.updated night-board',
      'client.updated ward-board',
    ]);
    for (const { organization, detail } of rows) {
      expect(organization).toBe('fernhill');
      expect(detail).toMatchObject({
        actor: 'client import',
        apis: { 'reasonable-adjustments': ['system/Flag.read'] },
      });
    }
    const text = JSON.stringify(rows);
    for (const secret of [givenSecret, generated]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(hash(secret));
    }
  });

  test('AD-06 shows up in the list, without a secret', async () => {
    const list = await world.out('client', 'list');
    expect(list).toMatch(
      /^ward-board +fernhill +client_secret_basic +client_credentials +reasonable-adjustments: system\/Flag\.read$/m,
    );
    expect(list).toMatch(/^clinic-jwt +fernhill +private_key_jwt /m);
    for (const secret of [givenSecret, generated, hash(generated)]) expect(list).not.toContain(secret);
  });

  describe('and then a server', () => {
    let server: ChildServer;
    beforeAll(async () => {
      server = await startChildServer(world.env);
    });
    afterAll(() => server.stop());

    const token = (clientId: string, secret: string) =>
      fetch(`${server.issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'system/Flag.read' }),
      });

    test('gives a token for the secret that was given and the one that was made', async () => {
      expect((await token('ward-board', givenSecret)).status).toBe(200);
      expect((await token('night-board', generated)).status).toBe(200);
    });

    test.each([
      ["another client's secret", 'ward-board', () => generated],
      ['the hash', 'night-board', () => hash(generated)],
      ['a guess', 'attic-board', () => 'open-sesame'],
    ])('gives none for %s', async (_, clientId, secret) => {
      const answer = await token(clientId, secret());
      expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
        401,
        'invalid_client',
      ]);
    });
  });
});
