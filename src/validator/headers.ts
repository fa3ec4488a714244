import type { ResourceRequest } from './types.ts';

/** The headers that travel through the Spine Secure Proxy (its implementation guide). What is in them is logged, never used to route. */
export const proxyHeaders = ['Ssp-TraceID', 'Ssp-From', 'Ssp-To', 'Ssp-InteractionID'];

/** Every value of a header field, whatever the case of its name; blank ones count as absent. */
export function headerValues({ headers }: ResourceRequest, name: string): string[] {
  return Object.entries(headers)
    .filter(([field]) => field.toLowerCase() === name.toLowerCase())
    .flatMap(([, value]) => value ?? [])
    .filter((value) => value.trim() !== '');
}

/** The value of a header field that stands once, without white space around it. */
export function header(request: ResourceRequest, name: string): string | undefined {
  const [value, ...more] = headerValues(request, name);
  return more.length > 0 ? undefined : value?.trim();
}

/**
 * The path of a request without its query, in the spelling of the tables: `$` may be sent percent-encoded, and one slash at
 * the end says nothing.
 */
export function pathOf({ path }: ResourceRequest): string | undefined {
  return path
    ?.replace(/[?#].*$/s, '')
    .replaceAll('%24', '$')
    .replace(/(?<=.)\/$/s, '');
}

/** Whether a request reads: `HEAD` is `GET` without the body (RFC 9110 section 9.3.2). */
export const isRead = ({ method }: ResourceRequest): boolean => method === 'GET' || method === 'HEAD';
