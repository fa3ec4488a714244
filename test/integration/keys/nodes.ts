import { expect } from 'vitest';
import { PUBLISHED_BEFORE, type Rotation } from '../../../src/keys/index.ts';
import { assent, type Child, type Finished, startChildServer } from '../../support/child.ts';
import { eventually } from '../../support/fixtures.ts';
import { freePort, startServer, type TestServer } from '../../support/server.ts';
import { masterKey } from '../../support/template.ts';
import { shiftTime } from '../../support/time.ts';

/** Longer than the keys that the nodes begin with must have been published, in seconds. */
export const RIPE = PUBLISHED_BEFORE + 60;

/** Far above the few seconds between two looks of a node; it only keeps a fault from hanging the test. */
const SEEN_WITHIN = 60;

/** Nodes of one issuer, on one database, which follow their keys. Their time and that of the tests is one. */
export interface Nodes {
  readonly server: TestServer;
  /** Where the nodes listen. */
  readonly ports: readonly number[];
  /** Lets so many seconds pass for everybody. Nothing should be under way meanwhile. */
  pass(seconds: number): Promise<void>;
  /** Lets the nodes look at their keys until something is seen. @throws when it never is */
  look(what: string, seen: () => Promise<boolean>): Promise<void>;
  /** Asks for a rotation, as an operator does. */
  rotate(): Promise<Rotation['outcome']>;
  close(): Promise<void>;
}

/** A server with keys that were made just now. */
async function startWithNewKeys(): Promise<TestServer> {
  const server = await startServer();
  // Those of the template may be minutes old, and their age decides.
  await server.sql(
    `UPDATE signing_keys SET created_at = $1, active_at = CASE state WHEN 'active' THEN $1::timestamptz END`,
    [new Date()],
  );
  return server;
}

/** One node in this process. It looks when it is told to. */
export async function startOneNode(): Promise<Nodes> {
  const server = await startWithNewKeys();
  const watch = server.watchKeys();
  let shift = 0;
  return {
    server,
    ports: [Number(new URL(server.issuer).port)],
    async pass(seconds) {
      shift += seconds;
      shiftTime(shift);
    },
    async look(what, seen) {
      // A look that is under way may have begun before what is to be seen.
      await watch.poll();
      await watch.poll();
      expect(await seen(), what).toBe(true);
    },
    rotate: async () => (await server.services.keys.rotate('iris')).outcome,
    async close() {
      shiftTime(0);
      await server.close();
    },
  };
}

const preload = new URL('./children/moved-time.ts', import.meta.url).href;

/** Settings of a program on the database of a server, with its time so many seconds from real time. */
function settings({ services, issuer, dataDir }: TestServer, shift: number): Record<string, string> {
  if (!('url' in services.target)) throw new Error('needs DATABASE_URL');
  return {
    ISSUER: issuer,
    DATA_DIR: dataDir,
    DATABASE_URL: services.target.url,
    ASSENT_MASTER_KEY: masterKey,
    DEMO: '1',
    NODE_OPTIONS: `--import ${preload}`,
    TIME_SHIFT: String(shift),
    ...(process.env.REDIS_URL === undefined ? {} : { REDIS_URL: process.env.REDIS_URL }),
  };
}

/** Nodes that are processes of their own, and look by themselves as often as they do. */
export interface NodeProcesses extends Nodes {
  readonly children: readonly Child[];
  /** Runs `assent …` at the time of the nodes. */
  assent(...parameters: string[]): Promise<Finished>;
  /** Stops the nodes and gives what they have printed. */
  stop(): Promise<readonly Finished[]>;
}

/** Starts processes of the real server on PostgreSQL. The server in this process is where the database comes from. */
export async function startProcesses(count: number): Promise<NodeProcesses> {
  const server = await startWithNewKeys();
  let shift = 0;
  const nodes = await Promise.all(
    Array.from({ length: count }, async () => {
      const port = await freePort();
      const started = await startChildServer({ ...settings(server, shift), PORT: String(port) });
      return { port, ...started };
    }),
  );
  const children = nodes.map(({ child }) => child);
  const run = (...parameters: string[]) => assent(parameters, settings(server, shift));
  const stop = () => Promise.all(nodes.map((node) => node.stop()));
  return {
    server,
    ports: nodes.map(({ port }) => port),
    children,
    async pass(seconds) {
      shift += seconds;
      for (const child of children) child.tell(String(shift));
      await Promise.all(children.map((child) => child.said(`time is ${shift} s from real time\n`)));
      shiftTime(shift);
    },
    look: (what, seen) =>
      eventually(async () => (await seen()) || undefined, SEEN_WITHIN).then(
        () => {},
        (cause) => {
          throw new Error(`never seen: ${what}`, { cause });
        },
      ),
    async rotate() {
      const { code, stdout, stderr } = await run('key', 'rotate');
      if (code !== 0) throw new Error(`key rotate ended with ${code}: ${stderr}`);
      if (stdout.includes('This was asked for before')) return 'planned-before';
      return stdout.includes('signs from now on') ? 'done' : 'planned';
    },
    assent: run,
    stop,
    async close() {
      shiftTime(0);
      await stop();
      await server.close();
    },
  };
}
