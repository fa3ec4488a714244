import { afterEach, describe, expect, test, vi } from 'vitest';
import { createMetrics, type Metrics, type Readings } from '../../../src/telemetry/index.ts';
import { readPrometheus, type Sample } from '../../support/prometheus.ts';

const open: Metrics[] = [];
afterEach(() => {
  for (const metrics of open.splice(0)) metrics.close();
});

function start(readings: Readings = {}): Metrics {
  const metrics = createMetrics({ readings });
  open.push(metrics);
  return metrics;
}

/** The samples of one metric. */
async function samples(metrics: Metrics, name: string): Promise<Sample[]> {
  return readPrometheus((await metrics.text()).body).filter((sample) => sample.name === name);
}

describe('counters', () => {
  test('count tokens by client, profile and grant, and denials by reason', async () => {
    const metrics = start();
    const token = { clientId: 'clinic-backend', profile: 'spine-core', grantType: 'client_credentials' };
    metrics.issued(token);
    metrics.issued(token);
    metrics.denied('invalid_client');
    expect(await samples(metrics, 'assent_tokens_issued_total')).toEqual([
      {
        name: 'assent_tokens_issued_total',
        labels: { client_id: 'clinic-backend', profile: 'spine-core', grant_type: 'client_credentials' },
        value: 2,
      },
    ]);
    expect(await samples(metrics, 'assent_denials_total')).toEqual([
      { name: 'assent_denials_total', labels: { reason: 'invalid_client' }, value: 1 },
    ]);
  });

  test('keep a bounded number of series', async () => {
    const metrics = start();
    for (let index = 0; index < 1200; index += 1) {
      metrics.issued({ clientId: `client-${index}`, profile: 'smart', grantType: 'refresh_token' });
      metrics.denied(`reason-${index}`);
    }
    const tokens = await samples(metrics, 'assent_tokens_issued_total');
    expect(tokens).toHaveLength(1001);
    expect(tokens.find(({ labels }) => labels.client_id === 'others')?.value).toBe(200);
    expect(await samples(metrics, 'assent_denials_total')).toEqual([
      { name: 'assent_denials_total', labels: { reason: 'other' }, value: 1200 },
    ]);
  });

  test('belong to one application: a second one in the process begins at nothing', async () => {
    const first = start();
    first.denied('invalid_scope');
    expect(await samples(start(), 'assent_denials_total')).toEqual([]);
  });
});

test('latencies are a histogram', async () => {
  const metrics = start();
  metrics.answered({ endpoint: '/token', method: 'POST', status: '200', seconds: 0.02 });
  const labels = { endpoint: '/token', method: 'POST', status: '200' };
  const [count] = await samples(metrics, 'assent_http_request_duration_seconds_count');
  expect(count).toEqual({ name: 'assent_http_request_duration_seconds_count', labels, value: 1 });
  const buckets = await samples(metrics, 'assent_http_request_duration_seconds_bucket');
  const upTo = (le: string) => buckets.find((bucket) => bucket.labels.le === le)?.value;
  expect([upTo('0.01'), upTo('0.025'), upTo('+Inf')]).toEqual([0, 1, 1]);
});

describe('readings', () => {
  test('are taken at the scrape', async () => {
    let waiting = 3;
    const metrics = start({
      pool: () => ({ total: 10, idle: 7, waiting: 2 }),
      rowsWaiting: async () => ({ oidc_artefacts: waiting, replay_guards: 0 }),
      auditLag: async () => 1.5,
      revocations: () => 4,
    });
    const values = async (name: string) =>
      (await samples(metrics, name)).map(({ labels, value }) => [...Object.values(labels), value]);
    expect(await values('assent_db_pool_connections')).toEqual([
      ['used', 3],
      ['idle', 7],
    ]);
    expect(await values('assent_db_pool_waiting')).toEqual([[2]]);
    expect(await values('assent_rows_waiting')).toEqual([
      ['oidc_artefacts', 3],
      ['replay_guards', 0],
    ]);
    expect(await values('assent_audit_lag_seconds')).toEqual([[1.5]]);
    expect(await values('assent_revocations')).toEqual([[4]]);
    waiting = 0;
    expect(await values('assent_rows_waiting')).toEqual([
      ['oidc_artefacts', 0],
      ['replay_guards', 0],
    ]);
  });

  test('that fail, now or after they succeeded, leave their sample out and nothing else', async () => {
    let fails = false;
    const read = async () => {
      if (fails) throw new Error('no database');
      return 5;
    };
    const rows = async () => ({ oidc_artefacts: await read() });
    const metrics = start({
      auditLag: read,
      rowsWaiting: rows,
      revocationsAge: () => Number.POSITIVE_INFINITY,
    });
    expect(await samples(metrics, 'assent_audit_lag_seconds')).toHaveLength(1);
    expect(await samples(metrics, 'assent_rows_waiting')).toHaveLength(1);
    fails = true;
    expect(await samples(metrics, 'assent_audit_lag_seconds')).toEqual([]);
    expect(await samples(metrics, 'assent_rows_waiting')).toEqual([]);
    expect(await samples(metrics, 'assent_revocations_age_seconds')).toEqual([]);
    expect(await samples(metrics, 'process_resident_memory_bytes')).toHaveLength(1);
  });

  test('that hang are asked once, and no scrape waits for them for long', async () => {
    const auditLag = vi.fn(() => new Promise<number>(() => {}));
    const metrics = start({ auditLag });
    const [first, second] = await Promise.all([metrics.text(), metrics.text()]);
    expect([first, second].map(({ body }) => readPrometheus(body).length > 0)).toEqual([true, true]);
    await metrics.text();
    expect(auditLag).toHaveBeenCalledTimes(1);
  });
});

test('the process is measured: processor, memory, event loop, garbage', async () => {
  const { body, type } = await start().text();
  expect(type).toMatch(/^text\/plain; version=0\.0\.4/);
  const names = new Set(readPrometheus(body).map(({ name }) => name));
  for (const name of [
    ...['process_cpu_user_seconds_total', 'process_start_time_seconds', 'process_resident_memory_bytes'],
    ...[
      'nodejs_heap_size_used_bytes',
      'nodejs_eventloop_lag_p99_seconds',
      'nodejs_eventloop_lag_max_seconds',
    ],
  ])
    expect(names).toContain(name);
});
