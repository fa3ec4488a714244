import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readFiles } from './house/files.ts';
import { bounds, sizeFaults } from './house/sizes.ts';
import { rowsOf, sectionOf } from './house/tables.ts';

/**
 * Holds the lengths of all TypeScript files against "Long files" in `docs/architecture.md`. Exit code 1, with every file
 * that is too long, or listed without need.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const texts = readFiles(root, ['src', 'migrations', 'test', 'bench', 'scripts'], '.ts');
const lines = new Map([...texts].map(([file, text]) => [file, text.split('\n').length - 1]));

const page = 'docs/architecture.md';
const rows = rowsOf(sectionOf(readFileSync(new URL(`../${page}`, import.meta.url), 'utf8'), 'Long files'));
const reasons = new Map(
  rows.map((row) => [(row.File ?? '').replaceAll('`', ''), row['Why it is long'] ?? '']),
);

const faults = sizeFaults(lines, bounds, reasons);
if (faults.length > 0) {
  console.error(`files are longer than ${page} says:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  process.exitCode = 1;
}
