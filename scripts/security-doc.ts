import { existsSync, readFileSync } from 'node:fs';
import { type Row, rowsOf } from './house/tables.ts';

/**
 * Holds `docs/security.md` against the tests: every attack in its tables has a test that carries its id in a title, and
 * every id of its areas has a row, here or in the table of what does not exist yet. Nothing but that page and the tests
 * is read. Exit code 1, with everything that is missing.
 */
const root = new URL('../', import.meta.url);
const page = 'docs/security.md';

/** The ids that a cell names: one, or `AZ-01 to AZ-08`. */
function idsIn(cell = ''): string[] {
  const [first, last] = cell.match(/[A-Z]+-\d+/g) ?? [];
  if (first === undefined || last === undefined) return first === undefined ? [] : [first];
  const [area, from = ''] = first.split('-');
  const [, to = ''] = last.split('-');
  const count = Number(to) - Number(from) + 1;
  return Array.from(
    { length: count },
    (_, index) => `${area}-${String(Number(from) + index).padStart(2, '0')}`,
  );
}

/** What stands as a title: behind `test(` and the like, or as the `story` of a row in a table of tests. */
const titles = /(?:\b(?:test|describe)(?:\.\w+)*\(|\)\(|\bstory:)\s*(['"`])((?:\\.|(?!\1)[\s\S])*)\1/g;

function hasTitle(file: string, id: string): boolean {
  const text = readFileSync(new URL(file, root), 'utf8');
  const found = [...text.matchAll(titles)].map(([, , title = '']) => title);
  return found.some((title) => title.split(/[^A-Z0-9-]+/).includes(id));
}

/** What is wrong with the row of an attack that is answered. */
function rowFaults(row: Row): string[] {
  const [id = '?'] = idsIn(row.Id);
  const files = row['Test file']?.match(/test\/[\w./-]+\.test\.ts/g) ?? [];
  const faults = files.flatMap((file) => {
    if (!existsSync(new URL(file, root))) return [`${id}: there is no ${file}`];
    return hasTitle(file, id) ? [] : [`${id}: no title in ${file} carries it`];
  });
  if (files.length === 0) faults.push(`${id}: its row names no test file`);
  if (!row.Answer) faults.push(`${id}: its row has no answer`);
  return faults;
}

/** What is wrong with the page as a whole: an id without a row, with two, or of no area. */
function idFaults(known: readonly string[], used: readonly string[]): string[] {
  const times = (id: string) => used.filter((one) => one === id).length;
  return [
    ...known.filter((id) => times(id) === 0).map((id) => `${id}: has no row`),
    ...known.filter((id) => times(id) > 1).map((id) => `${id}: has ${times(id)} rows`),
    ...used.filter((id) => !known.includes(id)).map((id) => `${id}: is in none of the areas`),
  ];
}

function faultsOf(text: string): string[] {
  const rows = rowsOf(text);
  const known = rows.flatMap((row) => idsIn(row.Ids));
  const answered = rows.filter((row) => row['Test file'] !== undefined);
  const missing = rows.filter((row) => row['Why not yet'] !== undefined);
  const unexplained = missing
    .filter((row) => !row['Why not yet'])
    .map((row) => `${row.Id}: no reason is given`);
  const used = [...answered, ...missing].flatMap((row) => idsIn(row.Id));
  if (known.length === 0) unexplained.push('there is no table of areas with a column Ids');
  return [...answered.flatMap(rowFaults), ...unexplained, ...idFaults(known, used)];
}

const target = new URL(page, root);
const faults = existsSync(target) ? faultsOf(readFileSync(target, 'utf8')) : ['the page does not exist'];
if (faults.length > 0) {
  console.error(`${page} and the tests do not agree:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  process.exitCode = 1;
}
