import { describe, expect, test } from 'vitest';
import { rules } from '../../../scripts/house/rules.ts';
import { faultsOf, type Tree } from './tree.ts';

/** A house with one breach, and what is said of it. */
interface Breach {
  readonly rule: string;
  readonly tree: Tree;
  readonly way: string;
}

/** One file imports another, which is there. */
const imports = (rule: string, from: string, to: string, words = 'import'): Breach => {
  const path = `${'../'.repeat(from.split('/').length - 1)}${to}`;
  return { rule, tree: { [from]: [`${words} '${path}'`], [to]: [] }, way: `${from} -> ${to}` };
};

/** One file imports what is not ours. */
const takes = (rule: string, from: string, name: string, to = name): Breach => ({
  rule,
  tree: { [from]: [`import '${name}'`] },
  way: `${from} -> ${to}`,
});

const ofTypes = 'import type { A } from';

const broken: readonly Breach[] = [
  {
    rule: 'no-circles',
    tree: { 'src/audit/a.ts': ["import './b.ts'"], 'src/audit/b.ts': [`${ofTypes} './a.ts'`] },
    way: 'src/audit/a.ts -> src/audit/b.ts -> src/audit/a.ts',
  },
  {
    rule: 'no-circles-of-rooms',
    tree: {
      'src/audit/index.ts': [],
      'src/audit/walk.ts': ["import '../keys/index.ts'"],
      'src/keys/index.ts': [],
      'src/keys/watch.ts': ["import '../audit/index.ts'"],
    },
    way: 'src/audit -> src/keys -> src/audit',
  },
  {
    rule: 'downwards-from-assembly',
    tree: { 'src/main.ts': ["import './app.ts'"], 'src/app.ts': ["import './cli.ts'"], 'src/cli.ts': [] },
    way: 'src/app.ts -> src/cli.ts',
  },
  imports('downwards-from-pages', 'src/web/server.ts', 'src/app.ts'),
  imports('downwards-from-services', 'src/services.ts', 'src/app.ts'),
  imports('downwards-from-demo', 'src/demo/seed.ts', 'src/services.ts'),
  imports('downwards-from-protocol', 'src/oidc/faults.ts', 'src/demo/index.ts'),
  imports('downwards-from-decisions', 'src/authorisation/person.ts', 'src/oidc/index.ts', ofTypes),
  imports('downwards-from-features', 'src/accounts/accounts.ts', 'src/oidc/index.ts'),
  imports('downwards-from-database', 'src/db/handle.ts', 'src/audit/index.ts'),
  imports('downwards-from-pure', 'src/scopes/smart.ts', 'src/clients/index.ts', ofTypes),
  imports('downwards-from-ground', 'src/log.ts', 'src/telemetry/index.ts', ofTypes),
  {
    rule: 'on-a-level',
    tree: { 'src/attic/index.ts': ["import '../errors.ts'"], 'src/errors.ts': [] },
    way: 'src/attic/index.ts -> src/errors.ts',
  },
  imports('web-only-from-app', 'src/commands/run.ts', 'src/web/index.ts'),
  imports('front-file', 'src/audit/walk.ts', 'src/keys/times.ts'),
  imports('front-file', 'src/app.ts', 'src/web/door.ts'),
  imports('front-file-from-outside', 'bench/run.ts', 'src/keys/times.ts'),
  imports('front-file-from-outside', 'scripts/a.ts', 'src/config/settings.ts'),
  imports('commands-only-from-cli', 'src/main.ts', 'src/commands/run.ts'),
  imports('storage-front-file', 'src/oidc/token/dpop.ts', 'src/oidc/storage/sql-store.ts'),
  imports('migrations-only-from-their-list', 'src/audit/walk.ts', 'migrations/0001_a.ts'),
  imports('nothing-for-tests', 'src/audit/walk.ts', 'test/support/time.ts'),
  imports('nothing-for-tests', 'src/audit/walk.ts', 'bench/run.ts'),
  imports('nothing-for-tests', 'src/audit/walk.ts', 'scripts/a.ts'),
  {
    rule: 'no-dead-files',
    tree: { 'src/main.ts': [], 'src/audit/old.ts': [] },
    way: 'src/audit/old.ts',
  },
  takes('oidc-provider-at-home', 'src/consents/consents.ts', 'oidc-provider'),
  takes('koa-at-home', 'src/limits/load.ts', 'koa', 'node_modules/koa/index.js'),
  takes('koa-at-home', 'src/limits/load.ts', '@koa/router'),
  takes('database-driver-at-home', 'src/limits/load.ts', 'pg'),
  takes('database-driver-at-home', 'src/commands/run.ts', '@electric-sql/pglite'),
  takes('ioredis-at-home', 'src/limits/load.ts', 'ioredis'),
  takes('nodemailer-at-home', 'src/accounts/accounts.ts', 'nodemailer'),
  takes('undici-at-home', 'src/oidc/faults.ts', 'undici'),
  takes('pure-without-node', 'src/tokens/reading.ts', 'node:crypto', 'crypto'),
  takes('pure-without-node', 'src/consents/lines.ts', 'node:fs', 'fs'),
  takes('pure-without-packages', 'src/scopes/smart.ts', 'pino'),
  takes('pure-without-packages', 'src/practitioners/ceilings.ts', 'pino'),
  imports('pure-from-pure', 'src/validator/lifetime.ts', 'src/log.ts'),
  imports('pure-from-pure', 'src/practitioners/ceilings.ts', 'src/practitioners/practitioners.ts'),
  imports('decisions-from-pure', 'src/authorisation/person.ts', 'src/db/index.ts'),
  imports('decisions-from-pure', 'src/consents/lines.ts', 'src/consents/consents.ts'),
];

describe('a house with one breach', () => {
  test.for(broken)('breaks $rule alone: $way', async ({ rule, tree, way }) => {
    expect(await faultsOf(tree)).toEqual([`${rule}: ${way}`]);
  });

  test('is here for every rule, and every rule has a reason', () => {
    expect(new Set(broken.map(({ rule }) => rule))).toEqual(new Set(rules.map(({ name }) => name)));
    expect(rules.filter(({ comment }) => comment.length < 30)).toEqual([]);
  });
});

/** What comes close to each breach, and is as it should be. */
const whole: Tree = {
  'src/main.ts': ["import './app.ts'", "import './config/index.ts'"],
  'src/cli.ts': ["import './commands/run.ts'"],
  'src/commands/run.ts': ["import '../services.ts'", "import '../oidc/index.ts'"],
  'src/app.ts': [
    "import './web/index.ts'",
    "import './oidc/index.ts'",
    "import 'koa'",
    "import './services.ts'",
  ],
  'src/web/index.ts': ["import './door.ts'", "import '../demo/index.ts'", "import 'koa'"],
  'src/web/door.ts': ["import '../redis.ts'", "import 'node:http'"],
  'src/services.ts': ["import './demo/index.ts'"],
  'src/demo/index.ts': ["import '../consents/index.ts'", "import '@koa/router'"],
  'src/oidc/index.ts': [
    "import 'oidc-provider'",
    "import './storage/index.ts'",
    "import '../authorisation/index.ts'",
  ],
  'src/oidc/storage/index.ts': ["import './sql-store.ts'"],
  'src/oidc/storage/sql-store.ts': ["import '../../db/index.ts'"],
  'src/authorisation/index.ts': ["import '../clients/index.ts'", `${ofTypes} '../consents/index.ts'`],
  'src/consents/index.ts': ["import './lines.ts'", "import '../db/index.ts'"],
  'src/consents/lines.ts': ["import '../clients/index.ts'", `${ofTypes} '../db/index.ts'`],
  'src/clients/index.ts': ["import '../outgoing/index.ts'", "import 'node:crypto'"],
  'src/outgoing/index.ts': ["import 'undici'"],
  'src/db/index.ts': ["import './migrations.ts'", "import 'knex'"],
  'src/db/migrations.ts': ["import '../../migrations/0001_a.ts'", "import '../tokens/index.ts'"],
  'src/tokens/index.ts': ["import './reading.ts'", "import 'zod'", `${ofTypes} '../redis.ts'`],
  'src/tokens/reading.ts': ["import '../scopes/index.ts'"],
  'src/scopes/index.ts': ["import 'lru-cache'"],
  'src/redis.ts': ["import 'ioredis'"],
  'src/config/index.ts': [],
  'migrations/0001_a.ts': [],
  'bench/run.ts': ["import '../test/support/time.ts'", "import '../src/tokens/index.ts'", "import 'pg'"],
  'scripts/a.ts': ["import '../src/config/index.ts'"],
  'test/support/time.ts': ["import '../../src/tokens/reading.ts'"],
};

test('a package is known outside the tree, too, where a symbolic link leads', async () => {
  const way = 'src/limits/load.ts -> ../elsewhere/node_modules/koa/index.js';
  const tree = { 'src/limits/load.ts': ["import '../../../elsewhere/node_modules/koa/index.js'"] };
  expect((await faultsOf(tree)).map((fault) => fault.replace(/(\.\.\/)+/g, '../'))).toEqual([
    `koa-at-home: ${way}`,
  ]);
});

test('a house in order breaks no rule', async () => {
  expect(await faultsOf(whole)).toEqual([]);
});
