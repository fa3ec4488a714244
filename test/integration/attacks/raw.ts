import { connect, type Socket } from 'node:net';
import type { TestServer } from '../../support/server.ts';

/** What came back over one connection, up to its end. */
export interface Conversation {
  /** Status codes of the answers, in their order. */
  readonly statuses: readonly number[];
  /** Everything that was received. */
  readonly text: string;
}

/** Opens a connection to a server, past every HTTP client. A fault of the connection is only its end. */
export function openSocket({ issuer }: Pick<TestServer, 'issuer'>): Socket {
  const { hostname, port } = new URL(issuer);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  return socket;
}

/** Status codes of all answers in what was received. */
export const statusesOf = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));

/**
 * Says these bytes to a server, as they are, and listens until the server closes the connection.
 *
 * @param text one character a byte
 */
export function say(server: Pick<TestServer, 'issuer'>, text: string): Promise<Conversation> {
  const socket = openSocket(server);
  let heard = '';
  socket.on('data', (chunk) => {
    heard += chunk.toString('latin1');
  });
  socket.write(Buffer.from(text, 'latin1'));
  return new Promise((resolve) => {
    socket.on('close', () => resolve({ statuses: statusesOf(heard), text: heard }));
  });
}
