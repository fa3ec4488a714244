import { bodyParser } from '@koa/bodyparser';
import type Koa from 'koa';
import { FhirRefusal } from './outcome.ts';

/** Largest resource that can be added. */
const LARGEST = '16kb';

const mediaTypes = ['application/fhir+json', 'application/json'];

const parse = bodyParser({
  enableTypes: ['text'],
  extendTypes: { text: mediaTypes },
  textLimit: LARGEST,
  onError(error: Error & { status?: number }) {
    if (error.status === 413)
      throw new FhirRefusal(413, 'too-long', `a resource may have at most ${LARGEST}`);
    throw new FhirRefusal(400, 'invalid', 'the body cannot be read');
  },
});

/**
 * Reads the resource that is to be added (FHIR R4, 3.1.0.8 create).
 *
 * @throws FhirRefusal 400, 413 or 415 for a body that is no JSON
 */
export async function readResource(ctx: Koa.Context): Promise<unknown> {
  if (!ctx.is(mediaTypes))
    throw new FhirRefusal(415, 'not-supported', `a resource is sent as ${mediaTypes[0]}`);
  await parse(ctx, async () => {});
  try {
    return JSON.parse(ctx.request.rawBody ?? '');
  } catch {
    throw new FhirRefusal(400, 'invalid', 'the body is not JSON');
  }
}

/** Whether the client wants no more than the address of what was added (FHIR R4, 3.1.0.1.7 Prefer). */
export function wantsNoBody(ctx: Koa.Context): boolean {
  return /(?:^|[,;\s])return=minimal(?:$|[,;\s])/i.test(ctx.get('Prefer'));
}
