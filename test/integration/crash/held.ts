import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import type { Place } from '../../support/process.ts';

/** A token request that the server has accepted and that waits for its body. */
export interface HeldRequest {
  /** Sends the body and gives what comes back. */
  finish(): Promise<{ readonly status: number; readonly jti: string }>;
}

async function read(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += chunk;
  return text;
}

/**
 * Asks for a token and stops before the body. The server itself says `100 Continue` when it has taken the
 * request (RFC 9110 section 10.1.1), so that from then on it owes an answer.
 */
export async function holdRequest(place: Place): Promise<HeldRequest> {
  const body = 'grant_type=client_credentials&scope=system%2FFlag.read';
  const sent: ClientRequest = request(`${place.issuer}/token`, {
    method: 'POST',
    agent: false,
    auth: 'clinic-backend:demo-secret-clinic-backend',
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': body.length,
      Expect: '100-continue',
    },
  });
  // Whoever waits for the answer hears of a fault; in between nobody waits, and the test must not end by it.
  sent.on('error', () => {});
  sent.flushHeaders();
  await once(sent, 'continue');
  return {
    async finish() {
      const response = once(sent, 'response') as Promise<[IncomingMessage]>;
      sent.end(body);
      const [answer] = await response;
      const { access_token: token } = JSON.parse(await read(answer)) as { access_token: string };
      const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
      return { status: answer.statusCode ?? 0, jti: (JSON.parse(claims) as { jti: string }).jti };
    },
  };
}

/** A connection that the server has and on which nothing was asked yet. */
export interface OpenConnection {
  /** Asks for readiness: the status, or `closed` when the server has cut the connection off. */
  readiness(): Promise<number | 'closed'>;
}

/** Opens a connection and waits until the server has taken it. */
export async function openConnection(place: Place): Promise<OpenConnection> {
  const { hostname, port, host } = new URL(place.issuer);
  const socket = connect({ host: hostname, port: Number(port) });
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const over = new Promise<void>((resolve) => {
    socket.on('error', () => {}).once('close', () => resolve());
  });
  await once(socket, 'connect');
  // Connections are taken in the order in which they came: when a later one is answered, this one is taken.
  const later = request(`${place.issuer}/health/live`, { agent: false }).end();
  const [answer] = (await once(later, 'response')) as [IncomingMessage];
  await read(answer);
  return {
    async readiness() {
      socket.write(`GET /health/ready HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      await over;
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1];
      return status === undefined ? 'closed' : Number(status);
    },
  };
}

/** Whether the server takes new connections. */
export async function takesConnections(place: Place): Promise<boolean> {
  const { hostname, port } = new URL(place.issuer);
  const socket = connect({ host: hostname, port: Number(port) });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
