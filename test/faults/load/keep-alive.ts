import { Agent, request } from 'node:http';
import type { Answer, Sent } from '../../support/fixtures.ts';
import type { Stage } from '../stage/stage.ts';
import type { Transport } from './ledger.ts';

/** A client beside the gateway, which keeps its connections for as long as the nodes let it. */
export interface KeepAlive {
  readonly transport: Transport;
  /** How many requests went over a connection that had been used before. */
  reused(): number;
  close(): void;
}

/**
 * Makes connections as a balancer of connections would: a new one leads to a node that says it is ready, and stays with it
 * to its end. What the node does with a connection that is in use when it stops is thus up to the node alone.
 */
export function createKeepAlive({ issuer, nodes, gateway }: Stage): KeepAlive {
  const { host } = new URL(issuer);
  const agents = nodes.map(({ port }) => ({ port, agent: new Agent({ keepAlive: true }) }));
  let turn = 0;
  let reused = 0;

  const isOpen = ({ agent }: (typeof agents)[number]) =>
    Object.values(agent.freeSockets).some((sockets) => sockets?.some((socket) => !socket.destroyed));

  /** A node to which a connection is free; else one that is ready. */
  function choose(): (typeof agents)[number] {
    turn += 1;
    const order = turn % 2 === 0 ? agents : agents.toReversed();
    const chosen = order.find(isOpen) ?? order.find(({ port }) => gateway.takesPart(port)) ?? order[0];
    if (chosen === undefined) throw new Error('there is no node');
    return chosen;
  }

  function transport({ method = 'POST', path = '/token', headers = {}, body }: Sent): Promise<Answer> {
    const { port, agent } = choose();
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { host: '127.0.0.1', port, method, path, headers: { ...headers, Host: host }, agent },
        async (response) => {
          if (outgoing.reusedSocket) reused += 1;
          try {
            const parts: Buffer[] = [];
            for await (const part of response) parts.push(part as Buffer);
            const { statusCode: status = 0, headers: answered } = response;
            resolve({ status, headers: answered, body: Buffer.concat(parts).toString() });
          } catch (error) {
            reject(error);
          }
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  return {
    transport,
    reused: () => reused,
    close: () => {
      for (const { agent } of agents) agent.destroy();
    },
  };
}
