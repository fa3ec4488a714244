import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it arrived at the collector. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'other';
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
  /** Attributes of whoever sent it. */
  readonly resource: Readonly<Record<string, unknown>>;
}

/** One field of a message of Protocol Buffers: a number, or bytes. */
interface Field {
  readonly number: number;
  readonly value: bigint | Buffer;
}

/** Parts a message into its fields. @throws at a wire type that OTLP does not use */
function fieldsOf(message: Buffer): Field[] {
  let at = 0;
  function varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
  function take(length: number): Buffer {
    at += length;
    return message.subarray(at - length, at);
  }
  const readers: Record<number, () => Field['value']> = {
    0: varint,
    1: () => take(8),
    2: () => take(Number(varint())),
    5: () => take(4),
  };
  const fields: Field[] = [];
  while (at < message.length) {
    const tag = Number(varint());
    const reader = readers[tag & 7];
    if (reader === undefined) throw new Error(`wire type ${tag & 7}`);
    fields.push({ number: tag >> 3, value: reader() });
  }
  return fields;
}

/** Everything that a message holds under a number. */
const all = (fields: readonly Field[], number: number) =>
  fields.filter((field) => field.number === number).map(({ value }) => value as Buffer);

const first = (fields: readonly Field[], number: number) => all(fields, number)[0] ?? Buffer.alloc(0);
const hex = (fields: readonly Field[], number: number) => first(fields, number).toString('hex');

/** A value of an attribute: text, truth, number or fraction; lists are left as they are. */
function readValue(anyValue: Buffer): unknown {
  const [field] = fieldsOf(anyValue);
  if (field === undefined) return undefined;
  const { number, value } = field;
  if (typeof value === 'bigint') return number === 2 ? value === 1n : Number(value);
  return number === 4 ? value.readDoubleLE() : value.toString();
}

function attributesOf(fields: readonly Field[], number: number): Record<string, unknown> {
  const pairs = all(fields, number).map(fieldsOf);
  return Object.fromEntries(pairs.map((pair) => [first(pair, 1).toString(), readValue(first(pair, 2))]));
}

const kinds = { 1: 'internal', 2: 'server', 3: 'client' } as Readonly<Record<string, ReceivedSpan['kind']>>;

/** Reads a request to export traces (opentelemetry-proto, collector/trace/v1 and trace/v1). */
function readExport(body: Buffer): ReceivedSpan[] {
  return all(fieldsOf(body), 1)
    .map(fieldsOf)
    .flatMap((resourceSpans) => {
      const resource = attributesOf(fieldsOf(first(resourceSpans, 1)), 1);
      const scopes = all(resourceSpans, 2).map(fieldsOf);
      const spans = scopes.flatMap((scope) => all(scope, 2).map(fieldsOf));
      return spans.map(
        (span): ReceivedSpan => ({
          traceId: hex(span, 1),
          spanId: hex(span, 2),
          parentSpanId: hex(span, 4),
          name: first(span, 5).toString(),
          kind: kinds[String(span.find(({ number }) => number === 6)?.value)] ?? 'other',
          attributes: attributesOf(span, 9),
          failed: fieldsOf(first(span, 15)).some(({ number, value }) => number === 3 && value === 2n),
          resource,
        }),
      );
    });
}

/** What takes traces, as an operator's own would. */
export interface Collector {
  /** Base address, for `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly address: string;
  readonly spans: readonly ReceivedSpan[];
  /** Everything that arrived, as it came. */
  readonly bodies: readonly Buffer[];
  readonly requests: readonly { readonly url: string; readonly headers: IncomingHttpHeaders }[];
  close(): Promise<void>;
}

/** Starts a receiver for OTLP over HTTP with Protocol Buffers. */
export async function startCollector(): Promise<Collector> {
  const spans: ReceivedSpan[] = [];
  const bodies: Buffer[] = [];
  const requests: { url: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer(async (req, res) => {
    const parts: Buffer[] = [];
    for await (const part of req) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    requests.push({ url: req.url ?? '', headers: req.headers });
    bodies.push(body);
    spans.push(...readExport(body));
    res.writeHead(200, { 'Content-Type': 'application/x-protobuf' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    bodies,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
