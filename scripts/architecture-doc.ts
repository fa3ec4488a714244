import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readImports } from './house/imports.ts';
import { houseFaults, withHouse } from './house/page.ts';
import { roomsOf } from './house/rooms.ts';

/**
 * Writes the house into `docs/architecture.md`: the rooms of `src` by level, and what each really imports. Only the
 * sentences are kept by hand. With `--check` it only compares, and asks for the sentences that are missing; exit code 1.
 */
const page = 'docs/architecture.md';
const target = new URL(`../${page}`, import.meta.url);
const text = readFileSync(target, 'utf8');
const { modules } = await readImports(['src'], fileURLToPath(new URL('..', import.meta.url)));
const rooms = roomsOf(modules);

if (process.argv.includes('--check')) {
  const faults = houseFaults(text, rooms);
  if (faults.length > 0) {
    console.error(
      `${page}: run node scripts/architecture-doc.ts, and write a sentence where one is missing:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, withHouse(text, rooms));
}
