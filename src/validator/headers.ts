import type { Fault, ResourceRequest, Step } from './types.ts';

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

/** How a family words the fault of a header: its name, and what is the matter with it. */
export type HeaderFault = (name: string, what: string) => Fault;

/**
 * The headers of an API are there, each once.
 *
 * @param names in the API's own spelling, which the message repeats
 */
export function headersStep(names: readonly string[], worded: HeaderFault): Step {
  return {
    name: 'headers',
    fault({ request }) {
      const missing = names.find((name) => headerValues(request, name).length === 0);
      if (missing !== undefined) return worded(missing, 'is missing');
      const repeated = names.find((name) => header(request, name) === undefined);
      return repeated && worded(repeated, 'must be given once');
    },
  };
}

/** The receiver's ASID, in the header of that name, is this server. */
export function receiverStep(name: string, worded: HeaderFault): Step {
  return {
    name: 'receiver',
    fault: ({ request, options }) =>
      options.asids.includes(header(request, name) ?? '')
        ? undefined
        : worded(name, 'is not the ASID of this server'),
  };
}
