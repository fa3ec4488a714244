import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import {
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { Logger } from 'pino';
import { endpointOf } from '../addresses/index.ts';
import type { Correlation } from './correlation.ts';
import type { Metrics } from './metrics.ts';

/** Endpoints without traces: probes and scrapes come every few seconds and would bury the others. */
const untraced = new Set(['/health/live', '/health/ready', '/metrics']);

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** The name under which a method is measured: those that are in use, and `other`. */
export function methodOf(method: string | undefined): string {
  return method !== undefined && methods.has(method) ? method : 'other';
}

/** A caller that went away before its answer; the status code of the answer would say nothing. */
const ABORTED = 'aborted';

/**
 * Begins the span of a request. It holds what is known of every request and nothing that came with this one.
 *
 * @returns undefined where no traces are made
 */
function beginSpan(
  req: IncomingMessage,
  endpoint: string,
  method: string,
  id: string | undefined,
): Span | undefined {
  const parent = propagation.extract(ROOT_CONTEXT, req.headers);
  const attributes = {
    'http.request.method': method === 'other' ? '_OTHER' : method,
    'http.route': endpoint,
    'assent.correlation_id': id,
  };
  const name = `${method} ${endpoint}`;
  const span = trace.getTracer('assent').startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
  return isSpanContextValid(span.spanContext()) ? span : undefined;
}

function endSpan(span: Span, res: ServerResponse, status: string): void {
  if (status === ABORTED) span.setAttribute('error.type', ABORTED);
  else span.setAttribute('http.response.status_code', res.statusCode);
  if (status === ABORTED || res.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/**
 * Watches every request from its arrival to the end of its answer: gives it its correlation identifier, measures it, makes
 * its span, around which the spans of its statements stand, and notes its end in the log at level debug.
 *
 * @returns puts the watch around a listener
 */
export function createRequestWatch(options: {
  correlation: Correlation;
  metrics: Metrics;
  log: Logger;
}): (listener: RequestListener) => RequestListener {
  const { correlation, metrics, log } = options;

  function watch(req: IncomingMessage, res: ServerResponse, work: () => void): void {
    const began = performance.now();
    const endpoint = endpointOf(req.url ?? '');
    const method = methodOf(req.method);
    const id = correlation.current();
    const span = untraced.has(endpoint) ? undefined : beginSpan(req, endpoint, method, id);
    const ended = () => {
      const status = res.writableFinished ? String(res.statusCode) : ABORTED;
      const seconds = (performance.now() - began) / 1000;
      metrics.answered({ endpoint, method, status, seconds });
      if (span !== undefined) endSpan(span, res, status);
      // The event comes from the socket, which knows of no request: the identifier has to be said.
      log.debug({ correlation_id: id, endpoint, method, status, seconds }, 'request answered');
    };
    res.once('close', ended);
    if (span === undefined) work();
    else context.with(trace.setSpan(context.active(), span), work);
  }

  return (listener) => (req, res) =>
    correlation.run(req, res, () => watch(req, res, () => listener(req, res)));
}
