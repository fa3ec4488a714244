import { Agent, request } from 'node:http';

/** Where a node listens, if elsewhere than its issuer says. */
export interface Node {
  readonly issuer: string;
  readonly port?: number;
}

export interface QuickAnswer {
  /** `200`, or the status with the OAuth error. */
  readonly outcome: string;
  readonly access_token?: string;
  readonly refresh_token?: string;
}

export interface Quick {
  /** Sends a body many times at once, turn by turn to each node. */
  together(body: string, headers: Readonly<Record<string, string>>): Promise<QuickAnswer[]>;
  close(): void;
}

/** Keeps its connections, so that all requests really are under way at the same time. */
export function createQuick(nodes: readonly Node[], parallel: number): Quick {
  const agent = new Agent({ keepAlive: true, maxSockets: parallel });

  function post(node: Node, body: string, headers: Readonly<Record<string, string>>): Promise<QuickAnswer> {
    const { hostname, host, port } = new URL(node.issuer);
    const type = { Host: host, 'Content-Type': 'application/x-www-form-urlencoded' };
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          hostname,
          port: node.port ?? port,
          method: 'POST',
          path: '/token',
          headers: { ...type, ...headers },
          agent,
        },
        async (response) => {
          const parts: Buffer[] = [];
          for await (const part of response) parts.push(part as Buffer);
          const answer = JSON.parse(Buffer.concat(parts).toString()) as { error?: string };
          const { statusCode } = response;
          const outcome = statusCode === 200 ? '200' : `${statusCode} ${answer.error}`;
          resolve({ ...answer, outcome });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  return {
    together: (body, headers) =>
      Promise.all(
        Array.from({ length: parallel }, (_, index) =>
          post(nodes[index % nodes.length] ?? { issuer: '' }, body, headers),
        ),
      ),
    close: () => agent.destroy(),
  };
}
