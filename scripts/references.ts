import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readFiles } from './house/files.ts';
import { citationFaults, pathFaults } from './house/references.ts';

/**
 * Looks up everything that comments and documents cite: other documents, sections, decisions, paths. Exit code 1, with what
 * is not there. The pages of `docs/adr` name the files of their day, so their paths are left alone.
 */
const root = new URL('..', import.meta.url);
const read = (...names: readonly string[]) =>
  names.map((name) => [name, readFileSync(new URL(name, root), 'utf8')] as const);

const pages = new Map([
  ...readFiles(fileURLToPath(root), ['docs'], '.md'),
  ...read('README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'),
]);
const code = readFiles(fileURLToPath(root), ['src', 'migrations', 'test', 'bench'], '.ts');
const present = new Map([...pages].filter(([file]) => !/^docs\/adr\/|^CHANGELOG/.test(file)));

const faults = [
  // What checks the references has to write down wrong ones.
  ...citationFaults(
    new Map([...code, ...pages].filter(([file]) => !file.startsWith('test/unit/house/'))),
    pages,
  ),
  ...pathFaults(present, (path) => existsSync(new URL(path, root))),
];
if (faults.length > 0) {
  console.error(`what is cited cannot be looked up:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  process.exitCode = 1;
}
