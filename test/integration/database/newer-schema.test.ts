import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate, migrationStatus } from '../../../src/db/index.ts';
import { type Migration, migrations } from '../../../src/db/migrations.ts';
import { Refused } from '../../../src/errors.ts';
import { requireSchema } from '../../../src/services.ts';
import { openTestDatabase, type TestDatabase } from '../../support/database.ts';

const all = migrations.map(({ name }) => name);

/** Three migrations of later versions: one adds, the next one takes away what those before the first still used. */
const adds: Migration = {
  name: '9001_adds',
  safety: 'safe-while-running',
  statements: ['CREATE TABLE added (id integer)'],
};
const takesAway: Migration = {
  name: '9002_takes_away',
  safety: 'breaking',
  statements: ['DROP TABLE remote_jwks'],
  oldestProgram: 9001,
};
const addsMore: Migration = {
  ...adds,
  name: '9003_adds_more',
  statements: ['CREATE TABLE more (id integer)'],
};

/** What the versions have, from this one on. */
const versions = {
  withAdded: [...migrations, adds],
  newest: [...migrations, adds, takesAway, addsMore],
};

const tooNew =
  'the database was migrated by a newer Assent (9002_takes_away): start that one, or restore a backup from before';

let database: TestDatabase;
beforeEach(async () => {
  database = await openTestDatabase();
});
afterEach(() => database.db.close());

const namesInDatabase = async () => {
  const text = 'SELECT name FROM knex_migrations ORDER BY id';
  return (await database.db.query<{ name: string }>({ name: '', text })).map(({ name }) => name);
};

describe('a newer version that only added to the schema', () => {
  beforeEach(async () => {
    expect(await migrate(database.target, versions.withAdded)).toEqual(['9001_adds']);
  });

  test('leaves this one working: it starts, and has nothing to migrate', async () => {
    expect(await migrationStatus(database.target)).toEqual({
      applied: all,
      pending: [],
      unknown: ['9001_adds'],
      breaking: [],
    });
    await expect(requireSchema(database.target)).resolves.toBeUndefined();
    expect(await migrate(database.target)).toEqual([]);
    expect(await namesInDatabase()).toEqual([...all, '9001_adds']);
  });

  test('is not overtaken by a version of another line, which has a migration in its place', async () => {
    const other = [...migrations, { ...adds, name: '9001_adds_otherwise' }];
    const attempt = migrate(database.target, other);
    await expect(attempt).rejects.toThrow(Refused);
    await expect(attempt).rejects.toThrow('lacks 9001_adds_otherwise, but has 9001_adds of another version');
    expect(await namesInDatabase()).toEqual([...all, '9001_adds']);
  });
});

describe('a newer version that took something away', () => {
  beforeEach(async () => {
    expect(await migrate(database.target, versions.newest)).toHaveLength(3);
  });

  test('is not met by this one: it neither starts nor migrates, and says what to do', async () => {
    expect(await migrationStatus(database.target)).toMatchObject({
      pending: [],
      unknown: ['9001_adds', '9002_takes_away', '9003_adds_more'],
      breaking: ['9002_takes_away'],
    });
    for (const work of [requireSchema, migrate]) {
      const attempt = work(database.target);
      await expect(attempt).rejects.toThrow(Refused);
      await expect(attempt).rejects.toMatchObject({ faults: [tooNew] });
    }
  });

  test('leaves the version working that knows what came before it, and itself', async () => {
    for (const version of [versions.withAdded, versions.newest]) {
      expect(await migrationStatus(database.target, version)).toMatchObject({ pending: [], breaking: [] });
      expect(await migrate(database.target, version)).toEqual([]);
    }
  });
});

describe('a migration of a newer version that takes something away and is cut off', () => {
  const fails = 'DROP TABLE not_there';

  test('counts as nothing where it is rolled back', async () => {
    const failing = { ...takesAway, statements: [...takesAway.statements, fails] };
    await expect(migrate(database.target, [...migrations, failing])).rejects.toMatchObject({
      code: 'migration_failed',
    });
    expect(await migrationStatus(database.target)).toMatchObject({ unknown: [], breaking: [] });
    await expect(requireSchema(database.target)).resolves.toBeUndefined();
  });

  test('counts where it is not: what it has taken away is gone', async () => {
    const failing = { ...takesAway, inTransaction: false, statements: [...takesAway.statements, fails] };
    await expect(migrate(database.target, [...migrations, failing])).rejects.toMatchObject({
      code: 'migration_failed',
    });
    expect(await migrationStatus(database.target)).toMatchObject({
      unknown: [],
      breaking: ['9002_takes_away'],
    });
    await expect(requireSchema(database.target)).rejects.toMatchObject({ faults: [tooNew] });
    // The newer version goes on where it was cut off.
    const mended = { ...failing, statements: ['DROP TABLE IF EXISTS remote_jwks'] };
    expect(await migrate(database.target, [...migrations, mended])).toEqual(['9002_takes_away']);
  });
});

test('a database without the table of requirements has none', async () => {
  await database.db.query({ name: '', text: 'DROP TABLE migration_requirements' });
  await database.db.query({
    name: '',
    text: `DELETE FROM knex_migrations WHERE name = '0009_oldest_program'`,
  });
  expect(await migrationStatus(database.target)).toMatchObject({
    pending: [{ name: '0009_oldest_program' }],
    unknown: [],
    breaking: [],
  });
  expect(await migrate(database.target)).toEqual(['0009_oldest_program']);
});
