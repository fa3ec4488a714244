import { bodyParser } from '@koa/bodyparser';
import type Koa from 'koa';
import { FhirRefusal } from './outcome.ts';
import { isResourceType, type ResourceType } from './resource.ts';
import type { Pair } from './search.ts';

const FORM = 'application/x-www-form-urlencoded';

/** Largest search form; an address may be about twice as long. */
const LARGEST_FORM = '8kb';

/** A `+` that was not encoded arrives as a space. */
const jsonFormats = [
  'json',
  'text/json',
  'application/json',
  'application/fhir+json',
  'application/fhir json',
];

const parse = bodyParser({
  enableTypes: ['text'],
  extendTypes: { text: [FORM] },
  textLimit: LARGEST_FORM,
  onError(error: Error & { status?: number }) {
    if (error.status === 413)
      throw new FhirRefusal(413, 'too-long', `a search form may have at most ${LARGEST_FORM}`);
    throw new FhirRefusal(400, 'invalid', 'the search form cannot be read');
  },
});

/**
 * Takes in the form of a search by POST. It stays text, so that it is read by the same rules as a query.
 *
 * @throws FhirRefusal 400, 413 or 415 for a body that is no such form
 */
export const searchForm: Koa.Middleware = (ctx, next) => {
  if (ctx.is(FORM) === false && ctx.request.length !== 0)
    throw new FhirRefusal(415, 'not-supported', `a search by POST is sent as ${FORM}`);
  return parse(ctx, next);
};

/** The parameters of the query and, for a search by POST, of the form. */
export function pairsOf(ctx: Koa.Context): readonly Pair[] {
  const { body } = ctx.request as { body?: unknown };
  return [
    ...new URLSearchParams(ctx.querystring),
    ...new URLSearchParams(typeof body === 'string' ? body : ''),
  ];
}

/**
 * Refuses what wants an answer in another format than JSON. `_format` counts more than the Accept header (FHIR R4,
 * 3.1.0.1.11).
 *
 * @throws FhirRefusal 406
 */
export function refuseOtherFormats(ctx: Koa.Context, pairs: readonly Pair[]): void {
  const asked = pairs.filter(([name]) => name === '_format').map(([, value]) => value.toLowerCase());
  const accept = ctx.get('Accept');
  const accepted =
    asked.length > 0
      ? asked.every((format) => jsonFormats.includes(format))
      : // Not negotiated by the letter: parameters such as fhirVersion or charset shall not stand in the way.
        accept === '' || /json|\*/i.test(accept);
  if (!accepted) throw new FhirRefusal(406, 'not-supported', 'answers can only be had as JSON');
}

/** The type in an address. @throws FhirRefusal 404 if the server has no such resources */
export function typeOf(text: string | undefined): ResourceType {
  if (text !== undefined && isResourceType(text)) return text;
  throw new FhirRefusal(404, 'not-supported', 'this server has no resources of that type');
}

/** Whether the client wants to hear of parameters that are not understood (FHIR R4, 3.1.1.2). */
export function isStrict(ctx: Koa.Context): boolean {
  const preferences = ctx.get('Prefer').toLowerCase().split(/[,;]/);
  return preferences.some((preference) => preference.trim() === 'handling=strict');
}

/** The methods of an address that has some, for `Allow`. */
function allowed(path: string): string {
  if (path.endsWith('/_search')) return 'POST, OPTIONS';
  return path.endsWith('/Observation') ? 'GET, HEAD, POST, OPTIONS' : 'GET, HEAD, OPTIONS';
}

/**
 * Ends a request that no route took: an address without anything, or a method that would change something else than what can
 * be added.
 *
 * @throws FhirRefusal 404 or 405
 */
export function refuseUnmatched(ctx: Koa.Context): never {
  if (ctx.method === 'GET' || ctx.method === 'HEAD')
    throw new FhirRefusal(404, 'not-found', 'there is nothing under this address');
  const Allow = allowed(ctx.path);
  throw new FhirRefusal(405, 'not-supported', 'this server can be read, and take a blood pressure', {
    Allow,
  });
}
