import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

/** What a mail server was handed. */
export interface Delivered {
  /** Envelope recipients (RCPT TO). */
  readonly to: readonly string[];
  /** Headers and body as they came. */
  readonly raw: string;
}

/** A mail server in this process. */
export interface MailServer {
  readonly url: string;
  readonly port: number;
  readonly delivered: readonly Delivered[];
  close(): Promise<void>;
}

/**
 * Starts a mail server on a free port that takes everything.
 *
 * @param refuse what it answers instead, for each mail
 */
export async function startMailServer(
  options: { port?: number; refuse?: () => Error | undefined } = {},
): Promise<MailServer> {
  const delivered: Delivered[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onData(stream, session, done) {
      void text(stream).then((raw) => {
        const fault = options.refuse?.();
        if (fault === undefined)
          delivered.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw });
        done(fault);
      });
    },
  });
  server.on('error', () => {});
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    port,
    delivered,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
