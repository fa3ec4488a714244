export { type Correlation, correlationId, createCorrelation } from './correlation.ts';
export { createMetrics, type Metrics } from './metrics.ts';
export { createMetricsEndpoint, startMetricsServer } from './metrics-endpoint.ts';
export type { Readings } from './readings.ts';
export { createRequestWatch } from './request-watch.ts';
export { startTracing, type Tracing } from './tracing.ts';
