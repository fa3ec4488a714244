import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A wire to a database server that can be slow, or cut without either end being told. */
export interface Wire {
  /** The URL of the database over this wire. */
  readonly url: string;
  /** Swallows what is sent in either direction. */
  silence(on: boolean): void;
  /** Falls silent as soon as something is sent to the database that holds this text, such as the name of a statement. */
  silenceAt(text: string): void;
  /** Delivers every answer so much later, in milliseconds. */
  delay(milliseconds: number): void;
  close(): void;
}

/** Lays a wire to a database. */
export async function layWire(target: URL): Promise<Wire> {
  const sockets = new Set<Socket>();
  let silent = false;
  let late = 0;
  let trigger: string | undefined;

  function carry(from: Socket, to: Socket, isAnswer: boolean): void {
    sockets.add(from);
    from.on('data', (chunk) => {
      if (!isAnswer && trigger !== undefined && chunk.includes(trigger)) silent = true;
      if (silent) return;
      if (!isAnswer || late === 0) to.write(chunk);
      else setTimeout(() => to.writable && to.write(chunk), late);
    });
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  }

  const server: Server = createServer((near) => {
    const far = connect(Number(target.port || 5432), target.hostname);
    carry(near, far, false);
    carry(far, near, true);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    silence(on) {
      silent = on;
      trigger = undefined;
    },
    silenceAt(text) {
      trigger = text;
    },
    delay(milliseconds) {
      late = milliseconds;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
