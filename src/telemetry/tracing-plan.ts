/** How traces are made and where they go, as the standard variables say. */
export interface TracingPlan {
  readonly exporters: readonly ('otlp' | 'console')[];
  readonly propagators: readonly ('tracecontext' | 'baggage')[];
  readonly sampler: {
    readonly kind: 'always_on' | 'always_off' | 'traceidratio';
    /** Whether a caller that has decided already decides here too. */
    readonly parentBased: boolean;
    /** Share of the traces that are kept. */
    readonly ratio: number;
  };
  /** Of the batch processor; what is not given, the library knows. */
  readonly batch: {
    readonly maxQueueSize?: number;
    readonly maxExportBatchSize?: number;
    readonly scheduledDelayMillis?: number;
    readonly exportTimeoutMillis?: number;
  };
  /** What cannot be done as it was asked for, a sentence each; it does not count then (as the specification wants it). */
  readonly warnings: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** An empty variable counts as not set. */
const given = (env: Environment, name: string) => env[name]?.trim() || undefined;

const list = (text: string | undefined) =>
  text
    ?.split(',')
    .map((part) => part.trim())
    .filter(Boolean);

/** Picks known words out of a list, and says which are not. */
function known<T extends string>(
  name: string,
  words: readonly string[],
  allowed: readonly T[],
  warnings: string[],
): T[] {
  return [...new Set(words)].flatMap((word) => {
    const found = allowed.find((one) => one === word);
    if (found === undefined && word !== 'none')
      warnings.push(`${name}: ${word} is not supported and does not count`);
    return found ?? [];
  });
}

function number(
  env: Environment,
  name: string,
  isValid: (value: number) => boolean,
  warnings: string[],
): number | undefined {
  const text = given(env, name);
  if (text === undefined) return undefined;
  if (isValid(Number(text))) return Number(text);
  warnings.push(`${name}: ${text} is no number that can be meant and does not count`);
  return undefined;
}

const samplers = ['always_on', 'always_off', 'traceidratio'] as const;

function sampler(env: Environment, warnings: string[]): TracingPlan['sampler'] {
  const name = given(env, 'OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on';
  const parentBased = name.startsWith('parentbased_');
  const kind = samplers.find((one) => one === name.replace('parentbased_', ''));
  if (kind === undefined) {
    warnings.push(`OTEL_TRACES_SAMPLER: ${name} is not supported and does not count`);
    return { kind: 'always_on', parentBased: true, ratio: 1 };
  }
  const isShare = (value: number) => value >= 0 && value <= 1;
  const ratio = kind === 'traceidratio' ? number(env, 'OTEL_TRACES_SAMPLER_ARG', isShare, warnings) : 1;
  return { kind, parentBased, ratio: ratio ?? 1 };
}

function batch(env: Environment, warnings: string[]): TracingPlan['batch'] {
  const isCount = (value: number) => Number.isInteger(value) && value > 0;
  const parts = Object.entries({
    maxQueueSize: number(env, 'OTEL_BSP_MAX_QUEUE_SIZE', isCount, warnings),
    maxExportBatchSize: number(env, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', isCount, warnings),
    scheduledDelayMillis: number(env, 'OTEL_BSP_SCHEDULE_DELAY', isCount, warnings),
    exportTimeoutMillis: number(env, 'OTEL_BSP_EXPORT_TIMEOUT', isCount, warnings),
  });
  return Object.fromEntries(parts.filter(([, value]) => value !== undefined));
}

const PROTOCOL = 'http/protobuf';

/**
 * Reads the standard variables of OpenTelemetry that concern traces. The address, the headers and the rest of
 * `OTEL_EXPORTER_OTLP_*` the exporter reads itself, and the resource detectors `OTEL_RESOURCE_ATTRIBUTES`.
 *
 * @returns undefined when no traces are wanted: neither an exporter nor an address for it is given
 */
export function tracingPlan(env: Environment): TracingPlan | undefined {
  if (given(env, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return undefined;
  const warnings: string[] = [];
  const address =
    given(env, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? given(env, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  const names = list(given(env, 'OTEL_TRACES_EXPORTER')) ?? (address === undefined ? [] : ['otlp']);
  const exporters = known('OTEL_TRACES_EXPORTER', names, ['otlp', 'console'], warnings);
  if (exporters.length === 0 && warnings.length === 0) return undefined;
  const protocol =
    given(env, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? given(env, 'OTEL_EXPORTER_OTLP_PROTOCOL') ?? PROTOCOL;
  if (protocol !== PROTOCOL)
    warnings.push(
      `OTEL_EXPORTER_OTLP_PROTOCOL: ${protocol} is not supported, traces are sent as ${PROTOCOL}`,
    );
  const propagators = list(given(env, 'OTEL_PROPAGATORS')) ?? ['tracecontext', 'baggage'];
  return {
    exporters,
    propagators: known('OTEL_PROPAGATORS', propagators, ['tracecontext', 'baggage'], warnings),
    sampler: sampler(env, warnings),
    batch: batch(env, warnings),
    warnings,
  };
}
