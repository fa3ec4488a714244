import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import Koa from 'koa';

/** Runs one GET through the middleware alone, without a network. The path arrives as written, `..` included. */
export async function get(
  middleware: Koa.Middleware | Koa.Middleware[],
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const app = new Koa();
  for (const one of [middleware].flat()) app.use(one);
  app.silent = true;

  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method: 'GET', url: path, headers });
  const response = new ServerResponse(request);
  const body = new Promise<Buffer<ArrayBuffer>>((resolve) => {
    Object.assign(response, { end: (chunk: string | Buffer = '') => resolve(Buffer.from(chunk as string)) });
  });
  void app.callback()(request, response);

  const sent = await body;
  const packed = response.getHeader('content-encoding') === 'gzip';
  return new Response(packed ? Buffer.from(gunzipSync(sent)) : sent, {
    status: response.statusCode,
    headers: Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]),
  });
}
