import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What one address of an application answers. */
export type AppAnswer =
  | { readonly type: string; readonly body: string }
  /** A redirect to this address. */
  | { readonly to: string };

/** The web server of an application: another origin than Assent, on a port of its own. */
export interface AppServer {
  /** For example http://127.0.0.1:49152. */
  readonly origin: string;
  /** Says what an address answers from now on. @param path without query, such as `/app.html` */
  serve(path: string, answer: AppAnswer): void;
  close(): Promise<void>;
}

const page = (title: string, content = '') => ({
  type: 'text/html',
  body: `<!DOCTYPE html><html lang="en"><title>${title}</title><h1>${title}</h1>${content}</html>`,
});

/**
 * Starts an application's web server on a free port. `/cb` is where codes arrive, `/bye` where people are after signing
 * out.
 *
 * @param host loopback address to listen on: 127.0.0.1 or ::1
 */
export async function startAppServer(host = '127.0.0.1'): Promise<AppServer> {
  const answers = new Map<string, AppAnswer>([
    ['/cb', page('Arrived')],
    ['/bye', page('Goodbye')],
    // Browsers ask for it by themselves, and complain when it is not there.
    ['/favicon.ico', { type: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg"/>' }],
  ]);
  const server = createServer((req, res) => {
    const answer = answers.get((req.url ?? '').replace(/\?.*/, ''));
    if (answer === undefined) res.writeHead(404).end();
    else if ('to' in answer) res.writeHead(302, { Location: answer.to }).end();
    else res.writeHead(200, { 'Content-Type': `${answer.type}; charset=utf-8` }).end(answer.body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    serve: (path, answer) => void answers.set(path, answer),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A page with one form, as another web site could have it. */
export function formPage(action: string, fields: Readonly<Record<string, string>> = {}): AppAnswer {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${value}">`,
  );
  const form = `<form method="post" action="${action}">${inputs.join('')}<button>Send</button></form>`;
  return page('Another site', form);
}
