import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { ServerNode } from './nodes.ts';

/** How often each node is asked whether it is ready, in milliseconds. */
const LOOK_EVERY = 100;

/** One request that was passed on to a node. */
export interface Passage {
  /** Port of the node. */
  readonly port: number;
  /** `POST /token`. */
  readonly what: string;
  /** When it was sent and when its end was seen, by the clock that nobody moves (`performance.now`). */
  readonly begun: number;
  ended?: number;
  /** `lost` when the node took the request and its connection broke before the whole answer was there. */
  outcome?: number | 'lost';
}

/** What stands in front of the nodes, at the address of the issuer. */
export interface Gateway {
  /** Every request that was passed on so far. */
  readonly passages: readonly Passage[];
  /** Whether a node takes part, as far as was seen at the last look. */
  takesPart(port: number): boolean;
  close(): Promise<void>;
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** What a gateway was not able to bring; no node answers so. */
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

  const look = async (node: (typeof nodes)[number]) => {
    const is = await node.readiness().then(
      ({ status }) => status === 200,
      () => false,
    );
    if (is) ready.add(node.port);
    else ready.delete(node.port);
  };
  await Promise.all(nodes.map(look));
  const looking = setInterval(() => void Promise.all(nodes.map(look)), LOOK_EVERY);

  /** Ports in the order in which they are to be tried. */
  function order(): number[] {
    turn += 1;
    const ports = nodes.map((node) => node.port);
    const able = ports.filter((one) => ready.has(one));
    const from = able.length > 0 ? able : ports;
    return from.map((_, index) => from[(turn + index) % from.length] ?? port);
  }

  /** @returns undefined when the node did not take the request */
  function pass(
    incoming: IncomingMessage,
    body: Buffer,
    to: number,
  ): Promise<{ answer: IncomingMessage; body: Buffer } | 'lost' | undefined> {
    const passage: Passage = {
      port: to,
      what: `${incoming.method} ${incoming.url}`,
      begun: performance.now(),
    };
    const end = (outcome: number | 'lost') => {
      passage.ended = performance.now();
      passage.outcome = outcome;
    };
    passages.push(passage);
    const { method, url: path, rawHeaders } = incoming;
    return new Promise((resolve) => {
      // `connection` is between two neighbours and not for the third (RFC 9110 section 7.6.1).
      const headers = rawHeaders.filter(
        (_, index) => !/^connection$/i.test(rawHeaders[index - (index % 2)] ?? ''),
      );
      const outgoing = request({ host: '127.0.0.1', port: to, method, path, headers, agent, setHost: false });
      outgoing.on('response', (answer) => {
        bodyOf(answer).then(
          (whole) => {
            end(answer.statusCode ?? 0);
            resolve({ answer, body: whole });
          },
          () => {
            end('lost');
            resolve('lost');
          },
        );
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED') {
          passages.splice(passages.indexOf(passage), 1);
          resolve(undefined);
          return;
        }
        end('lost');
        resolve('lost');
      });
      outgoing.end(body);
    });
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming);
    for (const to of order()) {
      const passed = await pass(incoming, body, to);
      if (passed === 'lost') break;
      if (passed === undefined) continue;
      const { statusCode = LOST, rawHeaders } = passed.answer;
      const kept = rawHeaders.filter(
        (_, index) =>
          !/^(connection|keep-alive|transfer-encoding)$/i.test(rawHeaders[index - (index % 2)] ?? ''),
      );
      outgoing.writeHead(statusCode, kept).end(passed.body);
      return;
    }
    outgoing.writeHead(LOST, { 'Content-Type': 'text/plain' }).end('lost');
  }

  const server = createServer((incoming, outgoing) => {
    // A client that has gone away waits for nothing.
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, resolve);
  });
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
