import { describe, expect, test } from 'vitest';
import { readImports } from '../../../scripts/house/imports.ts';
import { houseFaults, withHouse } from '../../../scripts/house/page.ts';
import { roomsOf } from '../../../scripts/house/rooms.ts';
import { inTree, type Tree } from './tree.ts';

const tree: Tree = {
  'src/main.ts': ["import './oidc/index.ts'", "import './errors.ts'"],
  'src/oidc/index.ts': ["import './token/claims.ts'"],
  'src/oidc/token/claims.ts': ["import '../../audit/index.ts'", "import '../storage/index.ts'"],
  'src/oidc/storage/index.ts': [],
  'src/audit/index.ts': ["import type { A } from '../errors.ts'"],
  'src/errors.ts': [],
};

const roomsIn = (house: Tree) =>
  inTree(house, async (root) => roomsOf((await readImports(['src'], root)).modules));

const page = (table = '') => `# Title

<!-- The house: by scripts/architecture-doc.ts, but for the sentences. -->
${table}<!-- End of the house. -->

The end.
`;

/** The table with a sentence in each row that has none. */
const told = (text: string) => text.replaceAll(' |  | ', ' | a sentence | ');

test('rooms stand from the top, with what they import; folders within one, with their neighbours', async () => {
  expect(await roomsIn(tree)).toEqual([
    { name: 'main.ts', level: 'start', imports: ['oidc', 'errors'] },
    { name: 'oidc/', level: 'protocol', imports: ['audit'] },
    { name: 'oidc/storage/', level: 'protocol', imports: [] },
    { name: 'oidc/token/', level: 'protocol', imports: ['storage'] },
    { name: 'audit/', level: 'features', imports: ['errors'] },
    { name: 'errors.ts', level: 'ground', imports: [] },
  ]);
});

test('a room on no level is not passed over', async () => {
  await expect(roomsIn({ ...tree, 'src/attic/index.ts': [] })).rejects.toThrow('attic');
});

describe('the page', () => {
  test('is drawn with the arrows that no way round replaces, and the rest of it is left alone', async () => {
    const text = withHouse(page(), await roomsIn(tree));
    expect(text.match(/\w+ --> \w+/g)).toEqual([
      'start --> protocol',
      'protocol --> features',
      'features --> ground',
    ]);
    expect(text.startsWith('# Title\n\n')).toBe(true);
    expect(text.endsWith('\nThe end.\n')).toBe(true);
  });

  test('is in order with a sentence a room; writing it again keeps them', async () => {
    const rooms = await roomsIn(tree);
    const text = told(withHouse(page(), rooms));
    expect(houseFaults(text, rooms)).toEqual([]);
    expect(withHouse(text, rooms)).toBe(text);
  });

  test('is refused where a room has no sentence', async () => {
    const rooms = await roomsIn(tree);
    const text = told(withHouse(page(), rooms)).replace('`oidc/token/` | a sentence', '`oidc/token/` | ');
    expect(houseFaults(text, rooms)).toContain('oidc/token/: has no sentence');
  });

  test('is refused when a room is new, and when an import is', async () => {
    const text = told(withHouse(page(), await roomsIn(tree)));
    const room = await roomsIn({ ...tree, 'src/keys/index.ts': [] });
    expect(houseFaults(text, room)).toEqual(['is not what the imports say', 'keys/: has no sentence']);
    const arrow = await roomsIn({ ...tree, 'src/audit/index.ts': [] });
    expect(houseFaults(text, arrow)).toEqual(['is not what the imports say']);
  });

  test('keeps the sentence of single files when one becomes a folder', async () => {
    const rooms = await roomsIn({ ...tree, 'src/text.ts': [] });
    const text = told(withHouse(page(), rooms));
    const later = await roomsIn({ ...tree, 'src/text/index.ts': [] });
    expect(houseFaults(withHouse(text, later), later)).toEqual(['text/: has no sentence']);
  });

  test('is not guessed at without its marks', async () => {
    const rooms = await roomsIn(tree);
    expect(() => withHouse('# Title\n', rooms)).toThrow('needs one line');
    expect(() => withHouse(page() + page(), rooms)).toThrow('needs one line');
  });

  test('is not drawn when imports go upwards', async () => {
    const rooms = await roomsIn({ ...tree, 'src/errors.ts': ["import './main.ts'"] });
    expect(() => withHouse(page(), rooms)).toThrow('ground -> start');
  });
});
