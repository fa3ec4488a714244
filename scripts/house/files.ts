import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The files below some folders, with their text.
 *
 * @param end how their names end, as `.ts`
 * @returns by path from the root, with `/`
 */
export function readFiles(
  root: string,
  folders: readonly string[],
  end: string,
): ReadonlyMap<string, string> {
  const paths = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith(end) && !path.includes('node_modules'))
      .map((path) => `${folder}/${path.replaceAll('\\', '/')}`),
  );
  return new Map(paths.sort().map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}
