import { type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

async function ended<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    span.setAttribute('error.type', typeof code === 'string' ? code : 'unknown');
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

/**
 * Does `work` in a span, where a request is being traced. A span says which statement it was, never its values, and of a
 * fault its code, because a message may quote them.
 *
 * What belongs to no request (polls, writes for many requests at once) has none: each would be a trace by itself.
 */
export function inSpan<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (!trace.getActiveSpan()?.isRecording()) return work();
  const attributes = { 'db.system.name': 'postgresql', 'db.query.summary': name };
  return ended(trace.getTracer('assent').startSpan(name, { kind: SpanKind.CLIENT, attributes }), work);
}
