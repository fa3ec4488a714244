import type { Knex } from 'knex';
import { Refused } from '../errors.ts';
import type { Migration } from './migrations.ts';

/** How a program and a database stand to each other. */
export interface MigrationStatus {
  /** Migrations of this program that the database has. */
  readonly applied: readonly string[];
  /** Those that it lacks. */
  readonly pending: readonly Migration[];
  /** Migrations in the database that this program does not have: a newer one ran them. */
  readonly unknown: readonly string[];
  /** Those of a newer program after which this one does not work any more. */
  readonly breaking: readonly string[];
}

const numberOf = (name: string) => Number.parseInt(name, 10);

/** Reads how a program and a database stand to each other; nothing is changed. */
export async function readStatus(handle: Knex, program: readonly Migration[]): Promise<MigrationStatus> {
  const has = (table: string) => handle.schema.hasTable(table);
  const rows: { name: string }[] = (await has('knex_migrations'))
    ? await handle('knex_migrations').select('name').orderBy('id')
    : [];
  const present = rows.map(({ name }) => name);
  const known = program.map(({ name }) => name);
  const latest = Math.max(0, ...known.map(numberOf));
  const tooNew: { migration: string }[] = (await has('migration_requirements'))
    ? await handle('migration_requirements')
        .select('migration')
        .where('oldest_program', '>', latest)
        .orderBy(1)
    : [];
  return {
    applied: present.filter((name) => known.includes(name)),
    pending: program.filter(({ name }) => !present.includes(name)),
    unknown: present.filter((name) => !known.includes(name)),
    breaking: tooNew.map(({ migration }) => migration),
  };
}

/** Notes in the database what a migration needs, for programs that do not have it. */
export async function writeRequirement(handle: Knex, migration: Migration): Promise<void> {
  const { name, oldestProgram } = migration;
  if (oldestProgram === undefined) return;
  await handle('migration_requirements')
    .insert({ migration: name, oldest_program: oldestProgram })
    .onConflict('migration')
    .merge();
}

/** Why a program must leave a database alone that a newer one has migrated; undefined where it still works on it. */
export function newerFault({ breaking }: MigrationStatus): string | undefined {
  if (breaking.length === 0) return undefined;
  return `the database was migrated by a newer Assent (${breaking.join(', ')}): start that one, or restore a backup from before`;
}

const refuse = (fault: string) => new Refused('The database does not fit this version:', [fault]);

/** @throws Refused when a newer program has migrated the database and this one does not work on it any more */
export function refuseNewer(status: MigrationStatus): void {
  const fault = newerFault(status);
  if (fault !== undefined) throw refuse(fault);
}

/** @throws Refused as `refuseNewer`, and when the migrations of program and database are not one line */
export function refuseForeign(status: MigrationStatus): void {
  refuseNewer(status);
  const { pending, unknown } = status;
  if (pending.length === 0 || unknown.length === 0) return;
  const lacks = pending.map(({ name }) => name).join(', ');
  throw refuse(
    `the database lacks ${lacks}, but has ${unknown.join(', ')} of another version: start that one`,
  );
}
