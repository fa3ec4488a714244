import { type Child, startScript } from '../../support/child.ts';
import { type Answer, type Sent, send } from '../../support/fixtures.ts';
import { freePort, type TestServer } from '../../support/server.ts';
import { masterKey } from '../../support/template.ts';

/** What became of a request to a node that was told to die at a statement. */
export interface Fate {
  /** Undefined when the node died under the request. */
  readonly answer: Answer | undefined;
  /** When it did not: every place that the request passed, in its order. */
  readonly passed: readonly string[];
}

/** Nodes in processes of their own, each for one request. */
export interface Mortals {
  /** Sends one request to a node that ends right before the place of this number, counted from 1. */
  send(sent: Sent, killAt: number): Promise<Fate>;
  close(): Promise<void>;
}

interface Started {
  readonly child: Child;
  readonly port: number;
}

/** Starts such nodes on the database of a server, always one ahead, so that nobody waits for the next one. */
export function createMortals(server: TestServer): Mortals {
  const { target } = server.services;
  if (!('url' in target)) throw new Error('needs DATABASE_URL');
  const env = {
    ISSUER: server.issuer,
    DATA_DIR: server.dataDir,
    DATABASE_URL: target.url,
    ASSENT_MASTER_KEY: masterKey,
    DEMO: '1',
    ...(process.env.REDIS_URL === undefined ? {} : { REDIS_URL: process.env.REDIS_URL }),
  };

  async function start(): Promise<Started> {
    const port = await freePort();
    const script = 'test/integration/crash/children/mortal.ts';
    const child = startScript(script, [], { ...env, LISTEN: String(port) });
    await child.said('listening');
    return { child, port };
  }

  let next = start();

  return {
    async send(sent, killAt) {
      const { child, port } = await next;
      next = start();
      child.tell(String(killAt));
      await child.said('armed');
      const answer = await send({ issuer: server.issuer, port }, sent).catch(() => undefined);
      if (answer !== undefined) child.tell('end');
      const { code, stdout, stderr } = await child.finished;
      if ((answer?.status ?? 0) >= 500) throw new Error(`${answer?.status} instead of an answer:\n${stderr}`);
      if (answer === undefined && code !== null) throw new Error(`the node ended by itself:\n${stdout}`);
      if (answer === undefined) return { answer, passed: [] };
      if (code !== 0) throw new Error(`the node ended after its answer:\n${stderr}`);
      return { answer, passed: JSON.parse(stdout.split('armed\n')[1] ?? '') as string[] };
    },
    async close() {
      const { child } = await next;
      child.signal('SIGKILL');
      await child.finished;
    },
  };
}

/**
 * Kills a node at the first place of a request, then at the second, and so on, until a request comes through.
 *
 * @param prepare makes everything ready for one request and sends it with the function it is given; then looks at what
 *   is left. It gets the answer of the last round only
 * @returns every place that was tried, in its order
 */
export async function killEverywhere(
  mortals: Mortals,
  prepare: (meet: (sent: Sent) => Promise<Answer | undefined>) => Promise<void>,
): Promise<readonly string[]> {
  for (let killAt = 1; ; killAt += 1) {
    const seen: Fate[] = [];
    await prepare(async (sent) => {
      const fate = await mortals.send(sent, killAt);
      seen.push(fate);
      return fate.answer;
    });
    const [fate] = seen;
    if (fate === undefined) throw new Error('no request was sent');
    if (fate.answer !== undefined) return fate.passed;
  }
}
