import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { createAssets } from '../../src/web/assets.ts';
import { createRenderer } from '../../src/web/render.ts';
import { createSecurityHeaders } from '../../src/web/security-headers.ts';
import { sampleList } from '../unit/web/samples.ts';

/** A server of sample pages. */
export interface Pages {
  readonly origin: string;
  close(): void;
}

/**
 * Serves every sample under its name, such as `/consent-own`, with the style sheets and security headers of the real
 * server. A form that is sent anywhere is answered by a word of plain text.
 */
export function servePages(): Pages {
  const assets = createAssets();
  const { render } = createRenderer({ locale: 'en', assets });
  const app = new Koa();
  app.use(createSecurityHeaders({ issuer: 'http://localhost', formAction: ["'self'"] }));
  app.use(assets.middleware);
  app.use((ctx) => {
    const sample = sampleList.find(([name]) => ctx.path === `/${name}`);
    if (ctx.method === 'POST') ctx.body = 'sent';
    else if (sample) {
      ctx.type = 'html';
      ctx.body = render(sample[1], sample[2]);
    }
  });
  const server: Server = app.listen(0);
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: () => void server.close(),
  };
}
