import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomIds } from '../../../src/clock.ts';
import { correlationId, createCorrelation } from '../../../src/telemetry/index.ts';

const uuid = '9d3a5c1e-7b42-4f0a-8f6d-2f1c0b9a8e77';
const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${trace}-00f067aa0ba902b7-01`;

describe('the identifier that a request brings', () => {
  test.each([
    ['X-Correlation-Id', { 'x-correlation-id': uuid }, uuid],
    ['X-Request-ID', { 'x-request-id': uuid.toUpperCase() }, uuid.toUpperCase()],
    ['X-Request-ID without hyphens', { 'x-request-id': trace }, trace],
    ['half a UUID', { 'x-request-id': '00f067aa0ba902b7' }, '00f067aa0ba902b7'],
    ['traceparent', { traceparent }, trace],
    [
      'X-Correlation-Id before the others',
      { 'x-correlation-id': uuid, 'x-request-id': trace, traceparent },
      uuid,
    ],
    ['X-Request-ID before traceparent', { 'x-request-id': uuid, traceparent }, uuid],
    ['the first that is well-formed', { 'x-correlation-id': 'my request', traceparent }, trace],
  ])('%s', (_what, headers, expected) => {
    expect(correlationId(headers)).toBe(expected);
  });

  test.each([
    ['nothing', {}],
    ['an empty one', { 'x-correlation-id': '' }],
    ['one that is too short', { 'x-correlation-id': '00f067aa0ba902b' }],
    ['one that is too long', { 'x-correlation-id': 'a'.repeat(65) }],
    ['hyphens only', { 'x-correlation-id': '-'.repeat(36) }],
    ['an NHS number', { 'x-correlation-id': '9990001014' }],
    ['a telephone number', { 'x-request-id': '+447700900123' }],
    ['a name', { 'x-correlation-id': 'aroha.ngata@example.test' }],
    ['an opaque token', { 'x-correlation-id': 'q7Jx0Zs2vT9mK4bW8nR1cY6hL3fP5dGa0eUiOjSwXkV' }],
    ['a JWT', { 'x-correlation-id': 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhcm9oYSJ9.c2ln' }],
    ['a line break', { 'x-correlation-id': `${uuid}\r\nX-Injected: 1` }],
    ['two values', { 'x-correlation-id': `${uuid}, ${uuid}` }],
    ['another version of traceparent', { traceparent: `01-${trace}-00f067aa0ba902b7-01` }],
    ['a trace of zeros', { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` }],
    ['a parent of zeros', { traceparent: `00-${trace}-${'0'.repeat(16)}-01` }],
    ['traceparent in capitals', { traceparent: traceparent.toUpperCase() }],
    ['traceparent with more behind it', { traceparent: `${traceparent}-00` }],
  ])('%s is none', (_what, headers) => {
    expect(correlationId(headers)).toBeUndefined();
  });

  test('is never anything but hexadecimal digits and hyphens, whatever comes', () => {
    const header = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f-]{0,140}$/), fc.uuid());
    fc.assert(
      fc.property(header, header, header, (first, second, third) => {
        const id = correlationId({ 'x-correlation-id': first, 'x-request-id': second, traceparent: third });
        expect(id ?? trace).toMatch(/^[0-9a-fA-F-]{16,128}$/);
      }),
    );
  });
});

/** Sends requests to a listener, all at once, and gives what came back. */
async function ask(listener: RequestListener, ...headers: Record<string, string>[]): Promise<Response[]> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await Promise.all(headers.map((sent) => fetch(`http://localhost:${port}/`, { headers: sent })));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('a request', () => {
  test('has its identifier in all that is done for it, and in its answer', async () => {
    const correlation = createCorrelation({ ids: randomIds });
    const listener: RequestListener = (req, res) =>
      correlation.run(req, res, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        res.end(correlation.current());
      });
    const other = uuid.replace('9d', 'aa');
    const answers = await ask(listener, { 'X-Correlation-Id': uuid }, { 'X-Request-ID': other });
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual([uuid, other]);
    expect(answers.map(({ headers }) => headers.get('x-correlation-id'))).toEqual([uuid, other]);
    expect(correlation.current()).toBeUndefined();
  });

  test('that brings none, or none of the shape, gets a new one', async () => {
    const correlation = createCorrelation({ ids: randomIds });
    const listener: RequestListener = (req, res) => correlation.run(req, res, () => res.end());
    const answers = await ask(listener, {}, { 'X-Correlation-Id': 'Aroha Ngata' });
    const ids = answers.map(({ headers }) => headers.get('x-correlation-id'));
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(2);
  });
});
