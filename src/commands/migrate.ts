import { describeSafety, migrate, migrationStatus, refuseNewer } from '../db/index.ts';
import { seed } from '../services.ts';
import { print, withSchema, withServices } from './run.ts';

/**
 * `assent migrate status`: which migrations the database has and lacks, and those of a newer version; exit code 1 when this
 * version does not work on them.
 */
export function showMigrations(): Promise<void> {
  return withServices(async ({ target }) => {
    const status = await migrationStatus(target);
    print(
      ...status.applied.map((name) => `applied  ${name}`),
      ...status.pending.map(({ name }) => `pending  ${name}`),
      ...status.unknown.map((name) => `newer    ${name}`),
    );
    refuseNewer(status);
  });
}

/** `assent migrate plan`: the SQL that `migrate up` would run. */
export function planMigrations(): Promise<void> {
  return withServices(async ({ target }) => {
    const status = await migrationStatus(target);
    refuseNewer(status);
    if (status.pending.length === 0) print('-- nothing to do');
    for (const migration of status.pending) {
      const statements = migration.statements.map((statement) => `${statement};`);
      print(`-- ${migration.name} (${describeSafety(migration)})`, ...statements, '');
    }
  });
}

/** `assent migrate up`: applies what is pending, and makes the signing keys when there are none. */
export function applyMigrations(): Promise<void> {
  return withServices(async ({ target, keys }) => {
    const applied = await migrate(target);
    await keys.ensure();
    print(...(applied.length === 0 ? ['nothing to do'] : applied.map((name) => `applied  ${name}`)));
  });
}

/** `assent seed demo`: writes the demo world, or puts it back as it was. */
export function seedDemoWorld(): Promise<void> {
  return withSchema(async (services) => {
    await seed(services);
    print('The demo world is in the database. A production server refuses to start on it.');
  });
}
