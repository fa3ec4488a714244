import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChildServer, startScript } from '../../support/child.ts';
import { onServer } from '../../support/database.ts';
import { freePort } from '../../support/server.ts';
import { createWorld, type World } from './world.ts';

if (!onServer)
  console.warn('A node that runs on while another version migrates is not tested: set DATABASE_URL');

/** What a newer version leaves in the database. */
const adds = `INSERT INTO knex_migrations (name, batch, migration_time) VALUES ('9001_adds', 99, now())`;
const takesAway = [
  `INSERT INTO knex_migrations (name, batch, migration_time) VALUES ('9002_takes_away', 99, now())`,
  `INSERT INTO migration_requirements (migration, oldest_program) VALUES ('9002_takes_away', 9001)`,
];

const tooNew =
  'the database was migrated by a newer Assent (9002_takes_away): start that one, or restore a backup from before';
const refusal = `The database does not fit this version:\n  - ${tooNew}\n`;

/** The server as an operator starts it, until it ends by itself. */
const start = (env: World['env']) => startScript('src/main.ts', [], env).finished;

/** A server of a hospital on the database of a world. */
async function inProduction({ env }: World): Promise<World['env']> {
  const { DEMO: _demo, ...rest } = env;
  return {
    ...rest,
    PORT: String(await freePort()),
    NODE_ENV: 'production',
    ISSUER: 'https://auth.example.test',
    COOKIE_KEYS: 'k'.repeat(32),
  };
}

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.dispose());

const leave = (statements: readonly string[]) =>
  world.look(async (sql) => {
    for (const statement of statements) await sql(statement);
  });

describe('on a database to which a newer version has added', () => {
  beforeAll(() => leave([adds]));

  // Four processes, one after the other.
  test('this version starts, examines it and has nothing to migrate', { timeout: 120_000 }, async () => {
    const server = await startChildServer(world.env);
    expect((await fetch(`${server.issuer}/health/ready`)).status).toBe(200);
    expect((await server.stop()).code).toBe(0);
    expect(await world.out('migrate', 'up')).toBe('nothing to do\n');
    expect(await world.out('migrate', 'status')).toMatch(
      /^applied {2}0001_first_token\n[\s\S]*\nnewer {4}9001_adds\n$/,
    );
    expect((await world.run('doctor')).stdout).toMatch(/^ok {5}migrations$/m);
  });
});

describe('on a database from which a newer version has taken away', () => {
  let running: Awaited<ReturnType<typeof startChildServer>> | undefined;
  beforeAll(async () => {
    if (onServer) running = await startChildServer(world.env);
    await leave(takesAway);
  });
  afterAll(() => running?.stop());

  test('this version does not start, and says what to do', async () => {
    const env = { ...world.env, PORT: String(await freePort()) };
    const { code, stdout, stderr } = await start(env);
    expect(stderr).toBe(refusal);
    expect(stdout).not.toContain('is ready');
    expect(code).toBe(1);
  });

  // On the embedded database they are all refused at the same place.
  const commands = [
    ['migrate', 'up'],
    ['migrate', 'plan'],
    ['client', 'list'],
    ['key', 'rotate'],
    ['seed', 'demo'],
  ];
  test.each(onServer ? commands : commands.slice(0, 1))(
    'assent %s %s is refused and changes nothing',
    async (...parameters) => {
      const { code, stdout, stderr } = await world.run(...parameters);
      expect([code, stdout, stderr]).toEqual([1, '', refusal]);
    },
  );

  test('assent migrate status shows it, and that this version must not be used', async () => {
    const { code, stdout, stderr } = await world.run('migrate', 'status');
    expect([code, stderr]).toEqual([1, refusal]);
    // Every command begins by making the embedded database ready.
    if (onServer) expect(stdout).toMatch(/\nnewer {4}9001_adds\nnewer {4}9002_takes_away\n$/);
  });

  test('assent doctor says so', async () => {
    const { code, stdout, stderr } = await world.run('doctor');
    expect(code).toBe(1);
    if (onServer) expect(stdout).toContain(`FAULT  migrations: ${tooNew}\n`);
    else expect(stderr).toBe(refusal);
  });

  test.skipIf(!onServer)('a node that ran before runs on', async () => {
    expect((await fetch(`${running?.issuer}/health/ready`)).status).toBe(200);
    expect((await fetch(`${running?.issuer}/jwks`)).status).toBe(200);
  });

  test.skipIf(!onServer)('a production server does not start either', async () => {
    const { code, stderr } = await start(await inProduction(world));
    expect([code, stderr]).toEqual([1, refusal]);
  });
});

describe.skipIf(!onServer)('on a database that an older version has migrated', () => {
  test('a production server does not start, and leaves it as it is', async () => {
    const older = await createWorld('empty');
    const { code, stderr } = await start(await inProduction(older));
    expect(stderr).toMatch(
      /^The database is not ready for this version:\n {2}- pending migrations: 0001_first_token, .*\n {2}- run assent migrate up first\n$/,
    );
    expect(code).toBe(1);
    expect(await older.out('migrate', 'status')).not.toContain('applied');
    await older.dispose();
  });
});
