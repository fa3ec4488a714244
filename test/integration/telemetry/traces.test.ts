import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '../../../src/log.ts';
import { startTracing, type Tracing } from '../../../src/telemetry/index.ts';
import { refreshForm, tokenRequest } from '../../support/exchange.ts';
import { basic, eventually, form, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, exchangeForm, keteWeb, type TokenAnswer } from '../../support/visitor.ts';
import { type Collector, type ReceivedSpan, startCollector } from './collector.ts';

const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');
const systemToken = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
const silent = createLog('silent');

/** Does `work` in an environment with these variables; the exporter reads them from there. */
async function withVariables<T>(env: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<T> {
  Object.assign(process.env, env);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
  }
}

const trace = (env: Readonly<Record<string, string>>) =>
  withVariables(env, () => startTracing({ env, version: '0.1.0', log: silent }));

let server: TestServer;
let collector: Collector;
let tracing: Tracing | undefined;

beforeAll(async () => {
  [server, collector] = await Promise.all([startServer(), startCollector()]);
  tracing = await trace({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.address,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=known-to-the-collector',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=ward%207,service.namespace=fernhill',
    OTEL_BSP_SCHEDULE_DELAY: '50',
  });
});
afterAll(async () => {
  await tracing?.close();
  await collector?.close();
  await server?.close();
});

/** A caller's trace, kept. */
function newTrace(flags = '01') {
  const traceId = crypto.randomUUID().replaceAll('-', '');
  return { traceId, traceparent: `00-${traceId}-00f067aa0ba902b7-${flags}` };
}

/** The spans of a trace, as soon as the server's own is there: it ends last. */
const spansOf = (traceId: string): Promise<ReceivedSpan[]> =>
  eventually(async () => {
    const spans = collector.spans.filter((span) => span.traceId === traceId);
    return spans.some(({ kind }) => kind === 'server') ? spans : undefined;
  });

const serverSpan = (spans: readonly ReceivedSpan[]) => spans.filter(({ kind }) => kind === 'server');

describe('a request that is part of a trace', () => {
  test('is one span of it, with method, endpoint and status', async () => {
    const { traceId, traceparent } = newTrace();
    const id = crypto.randomUUID();
    const headers = { ...clinic, traceparent, 'X-Correlation-Id': id };
    const { status } = await send(server, { ...form(systemToken, headers), path: '/token?x=canary' });
    expect(status).toBe(200);
    expect(serverSpan(await spansOf(traceId))).toEqual([
      {
        traceId,
        spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
        parentSpanId: '00f067aa0ba902b7',
        name: 'POST /token',
        kind: 'server',
        failed: false,
        attributes: {
          'http.request.method': 'POST',
          'http.route': '/token',
          'http.response.status_code': 200,
          'assent.correlation_id': id,
        },
        resource: expect.objectContaining({
          'service.name': 'assent',
          'service.version': '0.1.0',
          'service.namespace': 'fernhill',
          'deployment.environment.name': 'ward 7',
        }),
      },
    ]);
  });

  test('has its statements around it, each under its name', async () => {
    const { traceId, traceparent } = newTrace();
    const authorised = await authorise(server);
    const sent = form(exchangeForm(authorised), { ...basic(...keteWeb), traceparent });
    expect((await send(server, sent)).status).toBe(200);
    const spans = await spansOf(traceId);
    const [request] = serverSpan(spans);
    const statements = spans.filter(({ kind }) => kind === 'client');
    expect(statements.map(({ name }) => name)).toContain('audit_events_add');
    for (const { parentSpanId, attributes, name } of statements) {
      expect(parentSpanId).toBe(request?.spanId);
      expect(attributes).toEqual({ 'db.system.name': 'postgresql', 'db.query.summary': name });
    }
  });

  test('that the caller does not keep is not sent', async () => {
    const left = newTrace('00');
    await send(server, form(systemToken, { ...clinic, traceparent: left.traceparent }));
    const kept = newTrace();
    await send(server, form(systemToken, { ...clinic, traceparent: kept.traceparent }));
    await spansOf(kept.traceId);
    expect(collector.spans.filter(({ traceId }) => traceId === left.traceId)).toEqual([]);
  });

  test('that is refused is no fault of the server', async () => {
    const { traceId, traceparent } = newTrace();
    await send(server, form(systemToken, { ...basic('clinic-backend', 'wrong'), traceparent }));
    expect(serverSpan(await spansOf(traceId))).toMatchObject([
      { failed: false, attributes: { 'http.response.status_code': 401 } },
    ]);
  });
});

test('a request without a trace begins one', async () => {
  const id = crypto.randomUUID();
  await send(server, { method: 'GET', path: '/jwks', headers: { 'X-Correlation-Id': id } });
  const span = await eventually(async () =>
    collector.spans.find(({ attributes }) => attributes['assent.correlation_id'] === id),
  );
  expect(span).toMatchObject({ name: 'GET /jwks', parentSpanId: '' });
});

test('probes make none', async () => {
  await send(server, { method: 'GET', path: '/health/live' });
  await send(server, { method: 'GET', path: '/health/ready' });
  const { traceId, traceparent } = newTrace();
  await send(server, { method: 'GET', path: '/jwks', headers: { traceparent } });
  await spansOf(traceId);
  expect(collector.spans.filter(({ name }) => name.includes('/health'))).toEqual([]);
});

test('the collector gets what the variables say', () => {
  expect(new Set(collector.requests.map(({ url }) => url))).toEqual(new Set(['/v1/traces']));
  for (const { headers } of collector.requests) {
    expect(headers['content-type']).toBe('application/x-protobuf');
    expect(headers['x-collector-key']).toBe('known-to-the-collector');
  }
});

test('IN-03 a span never holds a token, a secret, a code or what a person typed', async () => {
  const { traceId, traceparent } = newTrace();
  const headers = { ...basic(...keteWeb), traceparent };
  const authorised = await authorise(server, { identifier: 'wiremu@example.test' });
  const answer = await send(server, form(exchangeForm(authorised), headers));
  const tokens = JSON.parse(answer.body) as TokenAnswer;
  await send(server, form(refreshForm(tokens.refresh_token), headers));
  await tokenRequest(server, refreshForm('canary-refresh-token'));
  await send(server, {
    method: 'GET',
    path: '/canary-path?token=canary-query',
    headers: { 'User-Agent': 'canary-agent', traceparent },
  });
  await send(server, {
    method: 'GET',
    path: '/me',
    headers: { Authorization: `Bearer ${tokens.access_token}`, traceparent },
  });
  await eventually(async () => (serverSpan(await spansOf(traceId)).length === 4 ? true : undefined));
  const sent = Buffer.concat(collector.bodies as Buffer[]).toString('latin1');
  for (const canary of [
    ...[
      authorised.code,
      authorised.verifier,
      tokens.access_token,
      tokens.refresh_token ?? 'none',
      tokens.id_token ?? 'none',
    ],
    ...[keteWeb[1], 'wiremu', 'Wiremu', 'ZZZ1012', 'kereru', 'canary', '127.0.0.1:8090'],
  ])
    expect(sent.includes(canary), canary).toBe(false);
});

describe('without the variables', () => {
  test('nothing is made', async () => {
    expect(await trace({})).toBeUndefined();
    expect(
      await trace({ OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: collector.address }),
    ).toBeUndefined();
  });

  test('after the end nothing is sent any more', async () => {
    await tracing?.close();
    tracing = undefined;
    const before = collector.requests.length;
    expect((await send(server, form(systemToken, clinic))).status).toBe(200);
    expect(collector.requests.length).toBe(before);
  });

  test('a collector that is away delays no answer and no stop, and is said once', async () => {
    const lines: string[] = [];
    const log = createLog('warn', { destination: { write: (line) => void lines.push(line) } });
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_BSP_SCHEDULE_DELAY: '10' };
    const lost = await withVariables(env, () => startTracing({ env, version: '0.1.0', log }));
    expect((await send(server, form(systemToken, clinic))).status).toBe(200);
    await eventually(async () => lines[0], 30);
    expect((await send(server, form(systemToken, clinic))).status).toBe(200);
    await lost?.close();
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['traces are lost']);
  });
});
