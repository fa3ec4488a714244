import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { bodyOf, forward, withoutHops } from './forward.ts';
import type { ServerNode } from './nodes.ts';

/** How often each node is asked whether it is ready, in milliseconds. */
const LOOK_EVERY = 100;

/** One request that a node took. */
export interface Passage {
  /** Port of the node. */
  readonly port: number;
  /** When it was sent, by the clock that nobody moves (`performance.now`). */
  readonly begun: number;
  /** `lost` when the connection broke before the whole answer was there. */
  readonly outcome: number | 'lost';
}

/** What stands in front of the nodes, at the address of the issuer. */
export interface Gateway {
  /** Every request so far that has come to its end. */
  readonly passages: readonly Passage[];
  /** Whether a node takes part, as far as was seen at the last look. */
  takesPart(port: number): boolean;
  close(): Promise<void>;
}

/** What a client is told whose answer was lost; no node answers so. */
export const LOST = 502;

/**
 * Passes requests on to the nodes that say they are ready, by turns, and to all where none does. Connections to the nodes
 * are kept. A request that a node did not take at all (it refused the connection) goes to the next one; one that it may
 * have taken is never sent again, and its client is told that it is lost (502).
 *
 * @param port where the issuer is reached
 */
export async function startGateway(options: {
  port: number;
  nodes: readonly Pick<ServerNode, 'port' | 'readiness'>[];
}): Promise<Gateway> {
  const { port, nodes } = options;
  const agent = new Agent({ keepAlive: true });
  const ready = new Set<number>();
  const passages: Passage[] = [];
  let turn = 0;

  async function look(node: (typeof nodes)[number]): Promise<void> {
    const isReady = await node.readiness().then(
      ({ status }) => status === 200,
      () => false,
    );
    if (isReady) ready.add(node.port);
    else ready.delete(node.port);
  }

  /** Ports in the order in which they are to be tried. */
  function order(): readonly number[] {
    turn += 1;
    const ports = nodes.map((node) => node.port);
    const able = ports.filter((one) => ready.has(one));
    const from = able.length > 0 ? able : ports;
    return from.map((_, index) => from[(turn + index) % from.length] ?? port);
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming);
    for (const to of order()) {
      const begun = performance.now();
      const fate = await forward(incoming, body, { port: to, agent });
      if (fate === 'refused') continue;
      const outcome = fate === 'lost' ? fate : (fate.answer.statusCode ?? LOST);
      passages.push({ port: to, begun, outcome });
      if (fate === 'lost') break;
      outgoing.writeHead(fate.answer.statusCode ?? LOST, withoutHops(fate.answer)).end(fate.body);
      return;
    }
    outgoing.writeHead(LOST, { 'Content-Type': 'text/plain' }).end('lost');
  }

  const server = createServer((incoming, outgoing) => {
    // A client that has gone away waits for nothing.
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await Promise.all(nodes.map(look));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, resolve);
  });
  const looking = setInterval(() => void Promise.all(nodes.map(look)), LOOK_EVERY);
  return {
    passages,
    takesPart: (one) => ready.has(one),
    async close() {
      clearInterval(looking);
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
