import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { breaches } from '../../../scripts/house/breaches.ts';
import { readImports } from '../../../scripts/house/imports.ts';
import { rules } from '../../../scripts/house/rules.ts';

/** A small house: the imports of each file, by its path. */
export type Tree = Readonly<Record<string, readonly string[]>>;

const textOf = (imports: readonly string[]) => imports.map((one) => `${one};\n`).join('');

/** Builds a house in a folder of its own for as long as something is done with it. */
export async function inTree<T>(tree: Tree, work: (root: string) => Promise<T>): Promise<T> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'assent-house-')));
  try {
    for (const folder of ['src', 'bench', 'scripts']) mkdirSync(join(root, folder));
    // As npm would install it.
    const koa = join(root, 'node_modules', 'koa');
    mkdirSync(koa, { recursive: true });
    writeFileSync(join(koa, 'index.js'), '');
    for (const [file, imports] of Object.entries(tree)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), `${textOf(imports)}export {};\n`);
    }
    return await work(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** The rules that a house breaks, each with the way of the breach. */
export const faultsOf = (tree: Tree): Promise<string[]> =>
  inTree(tree, async (root) => {
    const { summary } = await readImports(['src', 'bench', 'scripts'], root, rules);
    return breaches(summary.violations, []).map((fault) => fault.replace(/\. $/, ''));
  });
