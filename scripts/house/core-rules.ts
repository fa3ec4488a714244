import type { IForbiddenRuleType } from 'dependency-cruiser';

type Rule = IForbiddenRuleType & { readonly name: string; readonly comment: string };

/** Rooms that are pure as a whole; what they may import of themselves is themselves. */
const rooms = '^src/(addresses|scopes|tokens|validator|authorisation)/';

/** Pure files of rooms that also have a table; `text` and `errors` are here because the cores stand on them. */
const files = [
  '^src/consents/lines\\.ts$',
  '^src/practitioners/ceilings\\.ts$',
  '^src/(?:text|errors|error-codes)\\.ts$',
];

/** Decisions that also use small pure functions of features, through their front files: `scopesAt`, `notOffered`, `aboveCeiling`. */
const deciding = '^src/authorisation/|^src/consents/lines\\.ts$';

const pure = ['^src/(?:addresses|scopes|tokens)/index\\.ts$', '^src/(?:text|errors|error-codes)\\.ts$'];

/** Packages without I/O: checks of values, signatures, a list in memory. Keys are always given, never fetched. */
const harmless = ['node_modules/(?:zod|jose|lru-cache)/', '^(?:zod|jose|lru-cache)$'];

/**
 * Pure cores: what they decide can be tried with values alone, and is the same on every node. They are held to what they
 * import themselves; types of any room below are welcome, because nothing of them is left when the program runs.
 */
export const coreRules: readonly Rule[] = [
  {
    name: 'pure-without-node',
    comment:
      'No file, socket, process or random number; node:crypto is not needed either, not even for a hash.',
    from: { path: [rooms, ...files] },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'pure-without-packages',
    comment: 'A package that does I/O would bring it in by the back door.',
    from: { path: [rooms, ...files] },
    to: { dependencyTypesNot: ['core', 'local', 'type-only'], pathNot: ['^src/', ...harmless] },
  },
  {
    name: 'pure-from-pure',
    comment: 'A core that called a room with I/O would do I/O.',
    from: { path: [rooms, ...files], pathNot: deciding },
    to: { path: '^src/', pathNot: [...pure, '^src/$1/'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'decisions-from-pure',
    comment: 'As pure-from-pure, with the front files of three features for their pure functions.',
    from: { path: deciding },
    to: {
      path: '^src/',
      pathNot: [...pure, '^src/authorisation/', '^src/(?:catalogue|clients|practitioners)/index\\.ts$'],
      dependencyTypesNot: ['type-only'],
    },
  },
];
