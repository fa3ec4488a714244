import {
  constants,
  monitorEventLoopDelay,
  type PerformanceEntry,
  PerformanceObserver,
} from 'node:perf_hooks';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** How finely the delay of the event loop is measured, in milliseconds. */
const RESOLUTION = 10;

const NANOSECONDS = 1e9;

const gcKinds = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

/** A gauge whose value is asked for at each scrape. */
function gauge(register: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [register],
    collect() {
      this.set(read());
    },
  });
}

/** A counter that somebody else counts. */
function counter(register: Registry, name: string, help: string, read: () => number): void {
  new Counter({
    name,
    help,
    registers: [register],
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}

/** Delay of the event loop since the last scrape, under the names that dashboards for Node know. */
function watchEventLoop(register: Registry): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  delay.enable();
  const seconds = (part: string, read: () => number, after = () => {}) =>
    gauge(
      register,
      `nodejs_eventloop_lag_${part}_seconds`,
      'Delay of the event loop since the last scrape.',
      () => {
        const value = read() / NANOSECONDS;
        after();
        return value;
      },
    );
  seconds('p50', () => delay.percentile(50));
  seconds('p90', () => delay.percentile(90));
  seconds('p99', () => delay.percentile(99));
  // The last one that is read begins the next interval.
  seconds(
    'max',
    () => delay.max,
    () => delay.reset(),
  );
  return () => void delay.disable();
}

function watchGarbage(register: Registry): () => void {
  const metric = new Histogram({
    name: 'nodejs_gc_duration_seconds',
    help: 'Time that garbage collections took.',
    labelNames: ['kind'],
    buckets: [0.001, 0.01, 0.1, 1],
    registers: [register],
  });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      // Node's types leave out what the entries of this kind hold.
      const { kind } = (entry as PerformanceEntry & { detail: { kind: number } }).detail;
      metric.observe({ kind: gcKinds.get(kind) ?? 'other' }, entry.duration / 1000);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}

/**
 * What concerns the process as a whole: processor, memory, event loop, garbage. The library's own collection of these never
 * lets go of its observers, and several applications live in one process in tests.
 *
 * @returns ends the observation
 */
export function addProcessMetrics(register: Registry): () => void {
  const cpu = (kind: 'user' | 'system') => () => process.cpuUsage()[kind] / 1e6;
  counter(register, 'process_cpu_user_seconds_total', 'Processor time in the program.', cpu('user'));
  counter(register, 'process_cpu_system_seconds_total', 'Processor time in the system.', cpu('system'));
  const started = Date.now() / 1000 - process.uptime();
  gauge(register, 'process_start_time_seconds', 'When the process started.', () => started);
  const memory = (kind: 'heapTotal' | 'heapUsed' | 'external') => () => process.memoryUsage()[kind];
  gauge(register, 'process_resident_memory_bytes', 'Memory in use.', () => process.memoryUsage.rss());
  gauge(register, 'nodejs_heap_size_total_bytes', 'Size of the heap.', memory('heapTotal'));
  gauge(register, 'nodejs_heap_size_used_bytes', 'Memory of the heap in use.', memory('heapUsed'));
  gauge(register, 'nodejs_external_memory_bytes', 'Memory outside the heap.', memory('external'));
  const closings = [watchEventLoop(register), watchGarbage(register)];
  return () => {
    for (const close of closings) close();
  };
}
