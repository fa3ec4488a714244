import { describe, expect, test } from 'vitest';
import { tracingPlan } from '../../../src/telemetry/tracing-plan.ts';

const wanted = { OTEL_TRACES_EXPORTER: 'otlp' };

describe('traces are wanted', () => {
  test.each([
    ['with an exporter', wanted, ['otlp']],
    ['with an address', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, ['otlp']],
    ['with an address for traces', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector/t' }, ['otlp']],
    ['on the console', { OTEL_TRACES_EXPORTER: 'console' }, ['console']],
    ['at both', { OTEL_TRACES_EXPORTER: 'otlp, console' }, ['otlp', 'console']],
    ['when the switch is not on', { ...wanted, OTEL_SDK_DISABLED: 'false' }, ['otlp']],
  ])('%s', (_what, env, exporters) => {
    expect(tracingPlan(env)).toMatchObject({ exporters, warnings: [] });
  });

  test.each([
    ['without any variable', {}],
    ['with empty ones', { OTEL_TRACES_EXPORTER: '', OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
    ['when switched off', { ...wanted, OTEL_SDK_DISABLED: 'true' }],
    ['when switched off in capitals', { ...wanted, OTEL_SDK_DISABLED: 'TRUE' }],
    [
      'with an address but no exporter',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_TRACES_EXPORTER: 'none' },
    ],
    ['with other variables only', { OTEL_SERVICE_NAME: 'assent', OTEL_TRACES_SAMPLER: 'always_on' }],
  ])('not %s', (_what, env) => {
    expect(tracingPlan(env)).toBeUndefined();
  });
});

describe('the sampler', () => {
  test.each([
    [undefined, undefined, { kind: 'always_on', parentBased: true, ratio: 1 }],
    ['always_on', undefined, { kind: 'always_on', parentBased: false, ratio: 1 }],
    ['always_off', undefined, { kind: 'always_off', parentBased: false, ratio: 1 }],
    ['traceidratio', '0.25', { kind: 'traceidratio', parentBased: false, ratio: 0.25 }],
    ['traceidratio', undefined, { kind: 'traceidratio', parentBased: false, ratio: 1 }],
    ['parentbased_always_off', undefined, { kind: 'always_off', parentBased: true, ratio: 1 }],
    ['parentbased_traceidratio', '0', { kind: 'traceidratio', parentBased: true, ratio: 0 }],
  ])('%s %s', (name, share, sampler) => {
    const env = { ...wanted, OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: share };
    expect(tracingPlan(env)).toMatchObject({ sampler, warnings: [] });
  });
});

test('the batch processor is told what is given, and only that', () => {
  const env = { ...wanted, OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_BSP_MAX_QUEUE_SIZE: '5000' };
  expect(tracingPlan(env)?.batch).toEqual({ scheduledDelayMillis: 100, maxQueueSize: 5000 });
});

test.each([
  [{}, ['tracecontext', 'baggage']],
  [{ OTEL_PROPAGATORS: 'tracecontext' }, ['tracecontext']],
  [{ OTEL_PROPAGATORS: 'none' }, []],
])('contexts are carried as in %j', (env, propagators) => {
  expect(tracingPlan({ ...wanted, ...env })).toMatchObject({ propagators, warnings: [] });
});

describe('what cannot be done is said, and does not count', () => {
  test.each([
    ['OTEL_TRACES_EXPORTER', 'zipkin', { exporters: [] }],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', { exporters: ['otlp'] }],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http/json', { exporters: ['otlp'] }],
    ['OTEL_TRACES_SAMPLER', 'jaeger_remote', { sampler: { kind: 'always_on', parentBased: true, ratio: 1 } }],
    ['OTEL_PROPAGATORS', 'b3', { propagators: [] }],
    ['OTEL_BSP_SCHEDULE_DELAY', 'soon', { batch: {} }],
    ['OTEL_BSP_MAX_QUEUE_SIZE', '0', { batch: {} }],
  ])('%s=%s', (name, value, rest) => {
    const plan = tracingPlan({ ...wanted, [name]: value });
    expect(plan).toMatchObject(rest);
    expect(plan?.warnings).toEqual([expect.stringContaining(value)]);
  });

  test('a share of the traces that is none', () => {
    const env = { ...wanted, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' };
    expect(tracingPlan(env)).toMatchObject({
      sampler: { ratio: 1 },
      warnings: [expect.stringContaining('2')],
    });
  });
});
