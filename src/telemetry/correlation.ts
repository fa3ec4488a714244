import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Ids } from '../clock.ts';

/** Under which name one request is found again in the log, in the audit and in its answer. */
export interface Correlation {
  /** Answers a request under its identifier: it stands in the answer, and `work` and all that it calls know it. */
  run<T>(req: IncomingMessage, res: ServerResponse, work: () => T): T;
  /** The identifier of the request that the caller works for; undefined outside one. */
  current(): string | undefined;
}

/** Digits of an identifier, at least and at most: half a UUID, and two of them. */
const FEWEST = 16;
const MOST = 64;

/**
 * A UUID, with hyphens or without, or something of its kind. Only hexadecimal digits: in anything wider a token, a name or
 * a person's number could arrive, and what passes here is written to the log.
 */
const groups = /^[0-9a-f]+(?:-[0-9a-f]+)*$/i;

/** Trace context of version 00 (W3C Trace Context section 3.2): trace-id, parent-id, flags. */
const traceParent = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

function wellFormed(sent: string | string[] | undefined): string | undefined {
  if (typeof sent !== 'string' || sent.length > 2 * MOST || !groups.test(sent)) return undefined;
  const digits = sent.replaceAll('-', '').length;
  return digits >= FEWEST && digits <= MOST ? sent : undefined;
}

/**
 * The identifier that a request brings: `X-Correlation-Id`, else `X-Request-ID`, else the trace of `traceparent`. Each
 * counts only in its own shape: 16 to 64 hexadecimal digits, which hyphens may part.
 *
 * @returns undefined when it brings none
 */
export function correlationId(headers: IncomingHttpHeaders): string | undefined {
  const { traceparent } = headers;
  return (
    wellFormed(headers['x-correlation-id']) ??
    wellFormed(headers['x-request-id']) ??
    (typeof traceparent === 'string' ? traceParent.exec(traceparent)?.[1] : undefined)
  );
}

/** Gives every request the identifier it brings, or a new one. */
export function createCorrelation({ ids }: { ids: Ids }): Correlation {
  const store = new AsyncLocalStorage<string>();
  return {
    run(req, res, work) {
      const id = correlationId(req.headers) ?? ids.uuid();
      res.setHeader('X-Correlation-Id', id);
      return store.run(id, work);
    },
    current: () => store.getStore(),
  };
}
