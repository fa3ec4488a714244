import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { readConfig } from '../../../src/config/index.ts';
import { createLog } from '../../../src/log.ts';
import { openServices, prepare } from '../../../src/services.ts';
import { lastingPort } from '../../support/process.ts';
import { masterKey } from '../../support/template.ts';
import { createCluster } from './cluster.ts';
import { redisProgram } from './programs.ts';
import { registerFlagsServer } from './resource-servers.ts';

/** What every stage is set up from: a migrated database with the demo world of one issuer, to be copied. */
export interface StageTemplate {
  /** Port of the issuer: the demo world holds its address. */
  readonly port: number;
  /** Folder of a stopped cluster. */
  readonly cluster: string;
  /** Folder with the keys of the demo clients. */
  readonly dataDir: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    stage: StageTemplate;
  }
}

/** Prepares the template once a run. @throws when PostgreSQL or Redis is not installed, with what to install */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  redisProgram();
  const cluster = await createCluster();
  const dataDir = mkdtempSync(join(tmpdir(), 'assent-faults-data-'));
  const remove = async () => {
    await cluster.close();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const port = await lastingPort();
    await cluster.start();
    const config = readConfig({
      PORT: String(port),
      DATA_DIR: dataDir,
      DATABASE_URL: cluster.url,
      ASSENT_MASTER_KEY: masterKey,
      DEMO: '1',
    });
    const services = await openServices(config, createLog('silent'));
    await prepare(services)
      .then(() => registerFlagsServer(services))
      .finally(services.close);
    await cluster.stop('fast');
    project.provide('stage', { port, cluster: cluster.folder, dataDir });
  } catch (error) {
    await remove();
    throw error;
  }
  return remove;
}
