import { type Agent, type IncomingMessage, request } from 'node:http';

/** Headers that are for the next neighbour only (RFC 9110 section 7.6.1). */
const hops = /^(connection|keep-alive|transfer-encoding)$/i;

/** The headers of a message as they came, but for those that are not for the third. */
export const withoutHops = ({ rawHeaders }: IncomingMessage): string[] =>
  rawHeaders.filter((_, index) => !hops.test(rawHeaders[index - (index % 2)] ?? ''));

/** All that follows the headers. @throws when the connection breaks before its end */
export async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** What became of a request: its whole answer; `refused` when nobody took it; `lost` when nobody knows. */
export type Fate = { readonly answer: IncomingMessage; readonly body: Buffer } | 'refused' | 'lost';

/** Sends a request on to a port of this machine, once. */
export function forward(
  incoming: IncomingMessage,
  body: Buffer,
  { port, agent }: { readonly port: number; readonly agent: Agent },
): Promise<Fate> {
  const { method, url: path } = incoming;
  const headers = withoutHops(incoming);
  return new Promise((resolve) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent, setHost: false });
    outgoing.on('response', (answer) => {
      bodyOf(answer).then(
        (whole) => resolve({ answer, body: whole }),
        () => resolve('lost'),
      );
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'lost'),
    );
    outgoing.end(body);
  });
}
