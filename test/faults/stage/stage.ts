import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type Database, openDatabase, type Row } from '../../../src/db/index.ts';
import { assent, type Finished } from '../../support/child.ts';
import { rememberServer } from '../../support/code.ts';
import { masterKey } from '../../support/template.ts';
import { type Cluster, createCluster } from './cluster.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { createServerNode, type ServerNode } from './nodes.ts';
import { createRedisServer, type RedisServer } from './redis.ts';

/** All load comes from one address here; what that may do is tested elsewhere. */
const unlimited = {
  RATE_LIMIT_PAGES: '0',
  RATE_LIMIT_ENDPOINTS: '0',
  RATE_LIMIT_CLIENT: '0',
  RATE_LIMIT_REFUSED: '0',
};

/** Two nodes of one issuer behind a gateway, with a PostgreSQL and a Redis that are theirs alone. */
export interface Stage {
  readonly issuer: string;
  readonly dataDir: string;
  readonly first: ServerNode;
  readonly second: ServerNode;
  readonly nodes: readonly [ServerNode, ServerNode];
  readonly gateway: Gateway;
  readonly postgres: Cluster;
  readonly redis: RedisServer;
  /** The nodes' database, for looking on. */
  readonly db: Database;
  sql<R extends object = Row>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /** Runs `assent …` with the settings of the nodes. */
  assent(...parameters: string[]): Promise<Finished>;
  /** Ends everything and takes it away. */
  close(): Promise<void>;
}

/**
 * Sets the stage: PostgreSQL, Redis, both nodes, the gateway.
 *
 * @param env settings of the nodes beside the usual ones; an empty text takes one away
 */
export async function setStage(env: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const template = inject('stage');
  const dataDir = mkdtempSync(join(tmpdir(), 'assent-faults-data-'));
  const undo: (() => Promise<void>)[] = [async () => rmSync(dataDir, { recursive: true, force: true })];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    cpSync(template.dataDir, dataDir, { recursive: true });
    const [postgres, redis] = await Promise.all([createCluster(template.cluster), createRedisServer()]);
    undo.push(postgres.close, redis.close);
    await Promise.all([postgres.start(), redis.start()]);
    const issuer = `http://localhost:${template.port}`;
    const settings = {
      ISSUER: issuer,
      DATA_DIR: dataDir,
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      ASSENT_MASTER_KEY: masterKey,
      DEMO: '1',
      LOG_LEVEL: 'warn',
      ...unlimited,
      ...env,
    };
    const [first, second] = await Promise.all([createServerNode(settings), createServerNode(settings)]);
    const nodes = [first, second] as const;
    undo.push(async () => {
      await Promise.all(nodes.filter((node) => node.runs()).map((node) => node.kill()));
    });
    await Promise.all(nodes.map((node) => node.start()));
    const sql: Stage['sql'] = (text, values) => db.query({ name: '', text }, values);
    rememberServer(issuer, { sql });
    const gateway = await startGateway({ port: template.port, nodes });
    undo.push(gateway.close);
    const { db } = await openDatabase({ url: postgres.url, dataDir: '', onError: () => {} });
    undo.push(db.close);
    return {
      issuer,
      dataDir,
      first,
      second,
      nodes,
      gateway,
      postgres,
      redis,
      db,
      sql,
      assent: (...parameters) => assent(parameters, settings),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
