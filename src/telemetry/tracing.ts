import { setTimeout } from 'node:timers/promises';
import { context, type DiagLogger, DiagLogLevel, diag, propagation, trace } from '@opentelemetry/api';
import type { Sampler, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import { type TracingPlan, tracingPlan } from './tracing-plan.ts';

/** Traces that are being made. */
export interface Tracing {
  /** Sends what waits, as far as that succeeds within three seconds, and makes no more traces. */
  close(): Promise<void>;
}

/** How long the last traces may take on their way, in milliseconds: a collector that is away must not hold up a stop. */
const CLOSE_WITHIN = 3000;

/** A collector that is away fails every few seconds; that is said once a minute. */
const SAY_AGAIN = 60_000;

const nothing = () => {};

/** What the library wants to say goes into our log. */
function createDiag(log: Logger): DiagLogger {
  let silentUntil = Number.NEGATIVE_INFINITY;
  const say = (message: string) => {
    if (performance.now() < silentUntil) return;
    silentUntil = performance.now() + SAY_AGAIN;
    log.warn({ detail: message }, 'traces are lost');
  };
  return { error: say, warn: say, info: nothing, debug: nothing, verbose: nothing };
}

/** The packages are loaded only where traces are wanted. */
async function load() {
  const [sdk, otlp, resources, core, hooks] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-proto'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/core'),
    import('@opentelemetry/context-async-hooks'),
  ]);
  return { sdk, otlp, resources, core, hooks };
}

type Packages = Awaited<ReturnType<typeof load>>;

function createSampler({ sdk }: Packages, { kind, parentBased, ratio }: TracingPlan['sampler']): Sampler {
  const kinds = {
    always_on: () => new sdk.AlwaysOnSampler(),
    always_off: () => new sdk.AlwaysOffSampler(),
    traceidratio: () => new sdk.TraceIdRatioBasedSampler(ratio),
  };
  const root = kinds[kind]();
  return parentBased ? new sdk.ParentBasedSampler({ root }) : root;
}

function createExporter({ sdk, otlp }: Packages, name: TracingPlan['exporters'][number]): SpanExporter {
  return name === 'otlp' ? new otlp.OTLPTraceExporter() : new sdk.ConsoleSpanExporter();
}

/** Who speaks: `assent`, unless the environment names it. */
function createResource({ resources }: Packages, version: string) {
  const { defaultResource, detectResources, resourceFromAttributes } = resources;
  const detectors = [resources.resourceAttributesEnvDetector, resources.serviceNameEnvDetector];
  return defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'assent', 'service.version': version }))
    .merge(detectResources({ detectors }));
}

function createPropagator({ core }: Packages, names: TracingPlan['propagators']) {
  const kinds = {
    tracecontext: () => new core.W3CTraceContextPropagator(),
    baggage: () => new core.W3CBaggagePropagator(),
  };
  return new core.CompositePropagator({ propagators: names.map((name) => kinds[name]()) });
}

/**
 * Makes traces from now on, if the standard variables of OpenTelemetry ask for them: `OTEL_TRACES_EXPORTER`, or an address
 * in `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`.
 *
 * @param env `process.env`, where the exporter reads its own variables
 * @param version of Assent
 * @returns undefined when no traces are wanted; nothing is loaded then
 */
export async function startTracing(options: {
  env: Readonly<Record<string, string | undefined>>;
  version: string;
  log: Logger;
}): Promise<Tracing | undefined> {
  const { env, version, log } = options;
  const plan = tracingPlan(env);
  for (const warning of plan?.warnings ?? []) log.warn(warning);
  if (plan === undefined || plan.exporters.length === 0) return undefined;
  const packages = await load();
  diag.setLogger(createDiag(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const provider = new packages.sdk.TracerProvider({
    resource: createResource(packages, version),
    sampler: createSampler(packages, plan.sampler),
    spanProcessors: plan.exporters.map((name) => {
      const exporter = createExporter(packages, name);
      return new packages.sdk.BatchSpanProcessor({ exporter, ...plan.batch });
    }),
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new packages.hooks.AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(createPropagator(packages, plan.propagators));
  return {
    async close() {
      await Promise.race([provider.shutdown(), setTimeout(CLOSE_WITHIN, undefined, { ref: false })]).catch(
        nothing,
      );
      for (const api of [trace, context, propagation, diag]) api.disable();
    },
  };
}
