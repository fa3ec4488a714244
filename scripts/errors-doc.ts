import { readFileSync, writeFileSync } from 'node:fs';
import { errorCodes } from '../src/error-codes.ts';

/**
 * Writes the table of codes at the end of `docs/errors.md` from `src/error-codes.ts`; with `--check` only compares. Exit
 * code 1 when they differ.
 */
const target = new URL('../docs/errors.md', import.meta.url);
const mark =
  '<!-- The table is that of src/error-codes.ts: node scripts/errors-doc.ts writes it, npm run check compares. -->';

const rows = Object.entries(errorCodes).map(
  ([code, { status, meaning, remedy }]) => `| \`${code}\` | ${status} | ${meaning} | ${remedy} |`,
);
const table = `| Code | Status | What it means | What to do |
|---|---|---|---|
${rows.join('\n')}
`;

const page = readFileSync(target, 'utf8');
const at = page.indexOf(mark);
if (at < 0) throw new Error('docs/errors.md has lost the mark above its table of codes');
const text = `${page.slice(0, at + mark.length)}\n\n${table}`;

if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (text !== page) {
  console.error('docs/errors.md is not what src/error-codes.ts says: run node scripts/errors-doc.ts');
  process.exitCode = 1;
}
