/** A row of a table, by the names of its columns. */
export type Row = Readonly<Record<string, string>>;

/** The cells of a line of a table. */
export const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** All rows of all tables of a page of Markdown; the line above the dashes names the columns. */
export function rowsOf(text: string): Row[] {
  const lines = text.split('\n');
  let columns: readonly string[] = [];
  return lines.flatMap((line, at) => {
    if (!line.startsWith('|')) {
      columns = [];
      return [];
    }
    if (/^\|[\s:-]+\|/.test(lines[at + 1] ?? '')) columns = cellsOf(line);
    if (columns.length === 0 || /^\|[\s:-]+\|/.test(line) || cellsOf(line).join() === columns.join())
      return [];
    const cells = cellsOf(line);
    return [Object.fromEntries(columns.map((name, index) => [name, cells[index] ?? '']))];
  });
}

/** What stands under a heading of the second order, up to the next; empty if there is none. */
export function sectionOf(text: string, heading: string): string {
  const [, section = ''] = text.split(`\n## ${heading}\n`);
  return section.split('\n## ')[0] ?? '';
}
