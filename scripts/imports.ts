import { fileURLToPath } from 'node:url';
import { breaches } from './house/breaches.ts';
import { readImports } from './house/imports.ts';
import { rules } from './house/rules.ts';

/**
 * Holds the imports of the program, the benchmarks and the scripts to the floor plan: `house/levels.ts` has the levels,
 * `house/rules.ts` the rules, each with its reason. Exit code 1, with every breach.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const { modules, summary } = await readImports(['src', 'bench', 'scripts'], root, rules);
const faults = breaches(summary.violations, rules);
// A pattern that stops matching would look like a house in perfect order.
if (modules.length < 200) faults.push(`only ${modules.length} files were read`);
if (faults.length > 0) {
  console.error(
    `the imports do not keep to the floor plan:\n${faults.map((one) => `  - ${one}`).join('\n')}`,
  );
  process.exitCode = 1;
}
