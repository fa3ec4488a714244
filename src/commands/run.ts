import { readFileSync } from 'node:fs';
import { type Config, readConfig } from '../config/index.ts';
import { Refused } from '../errors.ts';
import { createLog } from '../log.ts';
import { openServices, prepare, requireSchema, type Services } from '../services.ts';
import { printable } from '../text.ts';

/** Prints lines to standard output. */
export function print(...lines: string[]): void {
  process.stdout.write(`${printable(lines.join('\n'))}\n`);
}

/** The configuration, for commands that need no database. */
export function configuration(): Config {
  return readConfig(process.env);
}

/**
 * Runs a command's work on the opened services and closes them. The embedded database is migrated and, in demo
 * mode, seeded first; a PostgreSQL server is left as it is.
 */
export async function withServices(work: (services: Services) => Promise<void>): Promise<void> {
  const config = configuration();
  const services = await openServices(config, createLog('warn'));
  try {
    if (services.db.kind === 'pglite') await prepare(services);
    await work(services);
  } finally {
    await services.close();
  }
}

/** As `withServices`, for work that needs the schema of this version. @throws Refused while migrations are pending */
export function withSchema(work: (services: Services) => Promise<void>): Promise<void> {
  return withServices(async (services) => {
    await requireSchema(services.target);
    await work(services);
  });
}

/** The text of a file that a command was given. @throws Refused when it cannot be read */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new Refused('Nothing was imported:', [`the file ${file} cannot be read`]);
  }
}

/** Lays rows out in columns, each as wide as its widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}
