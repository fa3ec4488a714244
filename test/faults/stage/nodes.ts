import { type ChildServer, type Finished, startChildServer } from '../../support/child.ts';
import { type Answer, send } from '../../support/fixtures.ts';
import { lastingPort } from '../../support/process.ts';

/** One node: the real server, as a process of its own. */
export interface ServerNode {
  readonly issuer: string;
  /** Where this node really listens. */
  readonly port: number;
  /** Of the process that runs now. @throws while none does */
  pid(): number;
  /** Whether the process that was started last is there. */
  runs(): boolean;
  /** Starts it, and waits until it is ready. @returns how long that took, in milliseconds */
  start(): Promise<number>;
  /** Ends it without a warning, and waits until the process is gone. */
  kill(): Promise<void>;
  /** Asks it to stop (SIGTERM) and waits until it has. */
  stop(): Promise<Finished>;
  readiness(): Promise<Answer>;
}

/**
 * Prepares a node on a port of its own. It is not started yet.
 *
 * @param env its settings, but for the port
 */
export async function createServerNode(
  env: Readonly<Record<string, string>> & { readonly ISSUER: string },
): Promise<ServerNode> {
  const port = await lastingPort();
  let server: ChildServer | undefined;

  function running(): ChildServer {
    if (server === undefined) throw new Error(`no node runs at port ${port}`);
    return server;
  }

  const readiness = () => send({ issuer: env.ISSUER, port }, { method: 'GET', path: '/health/ready' });

  return {
    issuer: env.ISSUER,
    port,
    pid: () => running().child.pid,
    runs: () => server !== undefined,
    async start() {
      const begin = performance.now();
      const started = await startChildServer({ ...env, PORT: String(port) });
      server = started;
      void started.child.finished.then(() => {
        if (server === started) server = undefined;
      });
      const { status, body } = await readiness();
      if (status !== 200) throw new Error(`a node that was just started is not ready: ${status} ${body}`);
      return performance.now() - begin;
    },
    async kill() {
      const { child } = running();
      child.signal('SIGKILL');
      await child.finished;
    },
    stop: () => running().stop(),
    readiness,
  };
}
