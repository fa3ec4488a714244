import { migrate, migrationStatus } from '../db/index.ts';
import { seed } from '../services.ts';
import { print, withSchema, withServices } from './run.ts';

/** `assent migrate status`: which migrations the database has and lacks. */
export function showMigrations(): Promise<void> {
  return withServices(async ({ target }) => {
    const { applied, pending } = await migrationStatus(target);
    print(...applied.map((name) => `applied  ${name}`), ...pending.map(({ name }) => `pending  ${name}`));
  });
}

/** `assent migrate plan`: the SQL that `migrate up` would run. */
export function planMigrations(): Promise<void> {
  return withServices(async ({ target }) => {
    const { pending } = await migrationStatus(target);
    if (pending.length === 0) print('-- nothing to do');
    for (const { name, safety, statements } of pending) {
      print(`-- ${name} (${safety})`, ...statements.map((statement) => `${statement};`), '');
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
