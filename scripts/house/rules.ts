import type { IForbiddenRuleType } from 'dependency-cruiser';
import { coreRules } from './core-rules.ts';
import { inRooms, levels } from './levels.ts';

/** A breach of any rule fails the check. */
type Rule = IForbiddenRuleType & { readonly name: string; readonly comment: string };

/** Imports run downwards or stay on their level, types too: a room can be read and tested without what stands above it. */
const oneWay: readonly Rule[] = levels.slice(1).map(({ name, rooms }, index) => ({
  name: `downwards-from-${name}`,
  comment: 'What stands lower must not know what is built on it.',
  from: { path: inRooms(rooms) },
  to: { path: inRooms(levels.slice(0, index + 1).flatMap((level) => level.rooms)) },
}));

const order: readonly Rule[] = [
  {
    name: 'no-circles',
    comment:
      'Files in a circle are read, tested and moved only together. Types count: a reader follows them as well.',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-circles-of-rooms',
    comment:
      'Two rooms that need each other are one room with a wall in it, even where no file is in a circle.',
    scope: 'folder',
    from: { path: '^src/[^/]+$' },
    to: { path: '^src/[^/]+$', circular: true },
  },
  ...oneWay,
  {
    name: 'on-a-level',
    comment: 'A room that is on no level would be held to no order: scripts/house/levels.ts lists them.',
    from: { path: '^src/', pathNot: inRooms(levels.flatMap(({ rooms }) => rooms)) },
    to: {},
  },
  {
    name: 'web-only-from-app',
    comment: 'Pages are the outermost layer: the rest must work for programs that never see one.',
    from: { pathNot: [inRooms(['app', 'main', 'web']), '^(?:test|scripts|bench)/'] },
    to: { path: '^src/web/' },
  },
];

const doors: readonly Rule[] = [
  {
    name: 'front-file',
    comment:
      'What a room promises is in its index.ts; behind it, files may be cut and renamed without asking anyone.',
    from: { path: '^src/([^/]+)' },
    to: {
      path: '^src/[^/]+/',
      // One file a group of commands, and only the command line calls them: a front file would say it all twice.
      pathNot: ['^src/[^/]+/index\\.ts$', '^src/$1/', '^src/commands/'],
    },
  },
  {
    name: 'front-file-from-outside',
    comment: 'A script or a benchmark uses a room as any other room does; only a test may look inside.',
    from: { path: '^(?:scripts|bench)/' },
    to: { path: '^src/[^/]+/', pathNot: '^src/[^/]+/index\\.ts$' },
  },
  {
    name: 'commands-only-from-cli',
    comment: 'Commands have no front file because nobody but the command line calls them.',
    from: { path: '^src/', pathNot: inRooms(['cli', 'commands']) },
    to: { path: '^src/commands/' },
  },
  {
    name: 'storage-front-file',
    comment:
      'What oidc-provider asks us to keep is a room of its own in oidc/: SQL or Redis is its own affair.',
    from: { path: '^src/oidc/', pathNot: '^src/oidc/storage/' },
    to: { path: '^src/oidc/storage/', pathNot: '^src/oidc/storage/index\\.ts$' },
  },
  {
    name: 'migrations-only-from-their-list',
    comment: 'Migrations are history, listed in one place and never called as code.',
    from: { path: '^src/', pathNot: '^src/db/migrations\\.ts$' },
    to: { path: '^migrations/' },
  },
  {
    name: 'nothing-for-tests',
    comment: 'What runs in production must not need, or be changed by, what is there to try it.',
    from: { path: '^src/' },
    to: { path: '^(?:test|bench|scripts)/' },
  },
  {
    name: 'no-dead-files',
    comment: 'A file that neither the server nor the command line reaches is kept for nobody.',
    from: { path: '^src/(?:main|cli)\\.ts$' },
    to: { path: '^src/', pathNot: '^src/(?:main|cli)\\.ts$', reachable: false },
  },
];

/** A package by name, with its types: installed here, behind a symbolic link, or not at all. */
export const packages = (...names: readonly string[]): string[] => [
  `node_modules/(?:@types/)?(?:${names.join('|')})(?:/|$)`,
  `^(?:${names.join('|')})(?:/|$)`,
];

const atHome = (what: string, names: readonly string[], rooms: readonly string[], comment: string): Rule => ({
  name: `${what}-at-home`,
  comment,
  from: { path: '^src/', pathNot: inRooms(rooms) },
  to: { path: packages(...names) },
});

/** Packages that only some rooms may import, types too: whoever imports one depends on its next version. */
const homes: readonly Rule[] = [
  atHome(
    'oidc-provider',
    ['oidc-provider'],
    ['oidc'],
    'A feature serves any protocol; one room speaks OAuth.',
  ),
  atHome(
    'koa',
    ['koa', '@koa/[^/]+'],
    ['web', 'oidc', 'app', 'demo'],
    'HTTP ends where pages, protocol and demo servers begin: features get values, not requests.',
  ),
  atHome(
    'database-driver',
    ['knex', 'knex-pglite', 'pg', '@electric-sql/pglite'],
    ['db'],
    'Both databases take the same statements through one handle, which carries the transaction (docs/adr/0001).',
  ),
  atHome('ioredis', ['ioredis'], ['redis'], 'One connection, with one answer to the loss of Redis.'),
  atHome(
    'nodemailer',
    ['nodemailer'],
    ['mail'],
    'Mail waits in the database; one room knows how it goes out.',
  ),
  atHome('undici', ['undici'], ['outgoing'], 'The only way out: https, to public addresses.'),
];

/** Every rule about imports. Each has a tree that breaks it in test/unit/house/rules.test.ts. */
export const rules: readonly Rule[] = [...order, ...doors, ...homes, ...coreRules].map((rule) => ({
  ...rule,
  severity: 'error',
}));
