import { bodyParser } from '@koa/bodyparser';
import type Koa from 'koa';

const parse = bodyParser({ enableTypes: ['form'], formLimit: 1024 });

/** Reads a form of ours. One that cannot be read has no fields: whatever was wanted, it is not done. */
export async function readForm(ctx: Koa.Context): Promise<URLSearchParams> {
  try {
    await parse(ctx, async () => {});
  } catch {
    return new URLSearchParams();
  }
  return new URLSearchParams(ctx.request.rawBody ?? '');
}
