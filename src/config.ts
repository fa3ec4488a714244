import { readFileSync } from 'node:fs';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { Refused } from './errors.ts';

/** The master key in its two written forms: 32 bytes as base64 or as hexadecimal. */
function masterKeyBytes(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  // 32 bytes are 43 characters and may be padded; anything looser would take a damaged key for a good one.
  return /^[A-Za-z0-9+/]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

const list = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

/** An address as people write it: `1` and `0x0a000001`, which some parsers take for IPv4, are mistakes here. */
const isAddress = (text: string) =>
  ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(':') && ipaddr.isValid(text));

/** An address or a network; not the whole Internet, which would let anyone write forwarded headers. */
function isNetwork(text: string): boolean {
  const [address = '', bits] = text.split('/');
  return isAddress(address) && (bits === undefined || (ipaddr.isValidCIDR(text) && bits !== '0'));
}

function isHostPort(text: string): boolean {
  const port = text.match(/^(?:\[[0-9a-f:.]+\]|[^:[\]/\s]+):(\d{1,5})$/i)?.[1];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65535;
}

/** A whole number, written in digits. */
const count = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a number')
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be between ${least} and ${most}`);

const seconds = (most: number) => count(0, most);

const flag = z.enum(['0', '1'], 'must be 0 or 1').transform((text) => text === '1');

const isUrlOf = (text: string, protocols: readonly string[]) =>
  protocols.includes(URL.parse(text)?.protocol ?? '');

const mustStart = (protocols: readonly string[]) =>
  `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;

const url = (protocols: string[]) =>
  z.string().refine((text) => isUrlOf(text, protocols), { error: mustStart(protocols) });

/** One address, or several separated by commas; a password may have a comma in it. */
const urls = (protocols: string[]) =>
  z
    .string()
    .refine(
      (text) => text.split(/,\s*(?=rediss?:)/).every((one) => isUrlOf(one, protocols)),
      mustStart(protocols),
    );

/**
 * Every setting of the running program: environment variable, check, explanation.
 *
 * `secret` settings can also be given as `NAME_FILE`, the path of a file that holds the value.
 * `docs/configuration.md` is generated from here.
 */
export const settings = z.object({
  PORT: count(1, 65_535).default(3000).meta({ description: 'Port to listen on.', default: '3000' }),
  ISSUER: url(['https:', 'http:'])
    .refine((text) => new URL(text).origin === text, {
      error:
        'must be an origin only, such as https://auth.example.org: no path, query, user or closing slash',
      when: (payload) => typeof payload.value === 'string' && URL.canParse(payload.value),
    })
    .optional()
    .meta({
      description:
        'The issuer identifier (RFC 8414): the address under which clients and browsers reach Assent.',
      default: '`http://localhost:$PORT`',
    }),
  DATABASE_URL: url(['postgres:', 'postgresql:']).optional().meta({
    description: 'PostgreSQL 15 or later. Without it an embedded database is kept in `DATA_DIR`.',
    default: 'none: embedded',
    secret: true,
  }),
  REDIS_URL: urls(['redis:', 'rediss:']).optional().meta({
    description:
      'Redis for what may be lost: browser sessions, interactions, pushed requests, tries at passwords. Several addresses, separated by commas, are those of one cluster. Without it these are in the database.',
    default: 'none',
    secret: true,
  }),
  DATA_DIR: z.string().min(1, 'must not be empty').default('./data').meta({
    description: 'Folder of the embedded database, the demo keys and, outside production, the master key.',
    default: '`./data`',
  }),
  ASSENT_MASTER_KEY: z
    .string()
    .refine((text) => masterKeyBytes(text) !== undefined, 'must be 32 bytes in base64 or hexadecimal')
    .optional()
    .meta({
      description:
        'Encrypts the signing keys at rest (AES-256-GCM). Make one with `openssl rand -base64 32`. Required in production.',
      default: 'made at first start in `DATA_DIR/master.key`',
      secret: true,
    }),
  COOKIE_KEYS: z
    .string()
    .transform(list)
    .refine((keys) => keys.length > 0 && keys.every((key) => key.length >= 32), {
      error: 'must be one or more keys of at least 32 characters, separated by commas',
    })
    .optional()
    .meta({
      description:
        'Keys that sign browser cookies, newest first, separated by commas; the same on all nodes. Required in production.',
      default: 'derived from the master key',
      secret: true,
    }),
  TRUST_PROXY: z
    .string()
    .transform(list)
    .refine(
      (entries) => entries.every(isNetwork),
      'must be addresses or networks such as 10.0.0.0/8, separated by commas',
    )
    .optional()
    .meta({
      description:
        'Addresses or networks of the proxies in front, separated by commas. Only from them are `X-Forwarded-*` headers believed.',
      default: 'none',
    }),
  LOG_LEVEL: z
    .enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'silent'],
      'must be fatal, error, warn, info, debug or silent',
    )
    .default('info')
    .meta({
      description: 'What the technical log (JSON lines on standard output) contains.',
      default: '`info`',
    }),
  METRICS_PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a number')
    .transform(Number)
    .refine((port) => port >= 1 && port <= 65535, 'must be between 1 and 65535')
    .optional()
    .meta({
      description:
        'Port on which `/metrics` (Prometheus) is answered, and nothing else. Without it `/metrics` is answered on `PORT` to whoever brings `METRICS_TOKEN`; without either not at all.',
      default: 'none',
    }),
  METRICS_HOST: z.string().min(1, 'must not be empty').default('127.0.0.1').meta({
    description:
      'Address that `METRICS_PORT` listens on; whoever reaches it may read, unless there is a token.',
    default: '`127.0.0.1`',
  }),
  METRICS_TOKEN: z
    .string()
    .regex(/^[\w.~+/-]{16,}=*$/, 'must be at least 16 letters, digits or - . _ ~ + /')
    .optional()
    .meta({
      description: 'Bearer token (RFC 6750) that `/metrics` asks for, on whichever port.',
      default: 'none',
      secret: true,
    }),
  TIME_ZONE: z
    .string()
    .refine((zone) => {
      try {
        return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
      } catch {
        return false;
      }
    }, 'must be a time zone such as Europe/London')
    .default('Europe/London')
    .meta({ description: 'Civil time zone of birthdays and age thresholds.', default: '`Europe/London`' }),
  OUTGOING_ALLOW: z
    .string()
    .transform(list)
    .refine((entries) => entries.every(isHostPort), {
      error: 'must be host:port entries separated by commas',
    })
    .optional()
    .meta({
      description:
        'Hosts (`host:port`, separated by commas) that Assent may call although their address is not public, also over http. Loopback is refused in production.',
      default: 'none',
    }),
  SHUTDOWN_GRACE: seconds(60).default(5).meta({
    description:
      'Seconds for which a node that was told to stop (SIGTERM) still takes requests while `/health/ready` already answers 503: longer than load balancers take to notice.',
    default: '5',
  }),
  MAX_CONNECTIONS: count(1, 65_535).default(10_000).meta({
    description: 'Connections that a node holds at once; one more is closed at once.',
    default: '10000',
  }),
  RATE_LIMIT_PAGES: count(0, 1e9).default(3000).meta({
    description:
      'Requests for pages that one source address may send to a node in a minute; `0`: no limit. A hospital may stand behind one address.',
    default: '3000',
  }),
  RATE_LIMIT_ENDPOINTS: count(0, 1e9).default(60_000).meta({
    description:
      'Requests to the endpoints for programs that one source address may send to a node in a minute; `0`: no limit.',
    default: '60000',
  }),
  RATE_LIMIT_CLIENT: count(0, 1e9).default(60_000).meta({
    description:
      'Requests that one client, having proved who it is, may send to a node in a minute; `0`: no limit.',
    default: '60000',
  }),
  RATE_LIMIT_REFUSED: count(0, 1e9).default(600).meta({
    description:
      'Client authentications that may fail from one source address at a node in a minute before more are answered 429 unseen; half of it under one `client_id`. `0`: no limit.',
    default: '600',
  }),
  DEMO: flag.optional().meta({
    description:
      'With `1` the demo world (fictional people, organisations, APIs, clients with known secrets) is seeded. Refused in production.',
    default: '`1` without `DATABASE_URL`, else `0`',
  }),
  NODE_ENV: z
    .enum(['production', 'development', 'test'], 'must be production, development or test')
    .optional()
    .meta({
      description: 'With `production`, Assent refuses to start with anything meant for trying out.',
      default: 'none',
    }),
});

/** The checked configuration: one frozen object, made once at start. */
export interface Config {
  readonly port: number;
  /** Issuer identifier without a closing slash. */
  readonly issuer: string;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly dataDir: string;
  readonly masterKey: Buffer | undefined;
  readonly cookieKeys: readonly string[] | undefined;
  /** Addresses and CIDR networks of trusted proxies. */
  readonly trustProxy: readonly string[];
  readonly logLevel: string;
  /** Undefined: `/metrics` has no port of its own. */
  readonly metricsPort: number | undefined;
  readonly metricsHost: string;
  readonly metricsToken: string | undefined;
  readonly timeZone: string;
  /** `host:port` entries, lower case. */
  readonly outgoingAllow: readonly string[];
  /** Requests a minute; 0: no limit. */
  readonly rateLimits: {
    readonly pages: number;
    readonly endpoints: number;
    readonly client: number;
    readonly refusedSource: number;
    readonly refusedClient: number;
  };
  /** Seconds. */
  readonly shutdownGrace: number;
  readonly maxConnections: number;
  readonly demo: boolean;
  readonly production: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

const names = Object.keys(settings.shape) as (keyof typeof settings.shape)[];
const isSecret = (name: keyof typeof settings.shape) => settings.shape[name].meta()?.secret === true;

/** Takes the values that concern us from the environment; an empty value counts as not given. */
function collect(env: Environment, faults: string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of names) {
    const direct = env[name] || undefined;
    const file = isSecret(name) ? env[`${name}_FILE`] || undefined : undefined;
    if (direct !== undefined && file !== undefined) {
      faults.push(`${name} and ${name}_FILE are both set: give one of them`);
    } else if (file !== undefined) {
      try {
        values[name] = readFileSync(file, 'utf8').trim();
      } catch {
        faults.push(`${name}_FILE: the file ${file} cannot be read`);
      }
    } else if (direct !== undefined) {
      values[name] = direct;
    }
  }
  return values;
}

function unknownNames(env: Environment): string[] {
  const known = new Set(
    names.flatMap((name) => (isSecret(name) ? [name, `${name}_FILE`] : [name])) as string[],
  );
  return Object.keys(env)
    .filter((name) => name.startsWith('ASSENT_') && !known.has(name))
    .map(
      (name) => `${name} is not a setting of Assent: remove it, or see docs/configuration.md for the names`,
    );
}

/** Whether a `host:port` leads to this machine itself, under whichever name; 0.0.0.0 and [::] do too. */
function isLoopback(entry: string): boolean {
  const host = entry
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return ipaddr.isValid(host) && ['loopback', 'unspecified'].includes(ipaddr.process(host).range());
}

function productionFaults(config: Config, values: Record<string, string>): string[] {
  const faults: string[] = [];
  if (values.ISSUER === undefined || config.issuer.startsWith('http:')) {
    faults.push('ISSUER must be an https address in production');
  }
  for (const name of ['DATABASE_URL', 'ASSENT_MASTER_KEY', 'COOKIE_KEYS']) {
    if (values[name] === undefined) faults.push(`${name} is required in production`);
  }
  if (config.demo) faults.push('DEMO must not be 1 in production');
  for (const entry of config.outgoingAllow.filter(isLoopback)) {
    faults.push(`OUTGOING_ALLOW must not name the loopback address ${entry} in production`);
  }
  return faults;
}

/** Checks each value by its own rule, so that one fault never hides another. */
function parse(values: Record<string, string>, faults: string[]): Partial<z.output<typeof settings>> {
  const given: Record<string, unknown> = {};
  for (const name of names) {
    const result = settings.shape[name].safeParse(values[name]);
    if (result.success) given[name] = result.data;
    else faults.push(...result.error.issues.map((issue) => `${name} ${issue.message}`));
  }
  return given;
}

/**
 * Reads the configuration from an environment.
 *
 * @param env usually `process.env`
 * @throws Refused that lists every fault at once
 */
export function readConfig(env: Environment): Config {
  const faults: string[] = [];
  const values = collect(env, faults);
  faults.push(...unknownNames(env));
  const given = parse(values, faults);
  const production = given.NODE_ENV === 'production';
  const port = given.PORT ?? 0;
  const config: Config = Object.freeze({
    port,
    issuer: given.ISSUER ?? `http://localhost:${port}`,
    databaseUrl: given.DATABASE_URL,
    redisUrl: given.REDIS_URL,
    dataDir: given.DATA_DIR ?? '',
    masterKey: given.ASSENT_MASTER_KEY === undefined ? undefined : masterKeyBytes(given.ASSENT_MASTER_KEY),
    cookieKeys: given.COOKIE_KEYS,
    trustProxy: given.TRUST_PROXY ?? [],
    logLevel: given.LOG_LEVEL ?? '',
    metricsPort: given.METRICS_PORT,
    metricsHost: given.METRICS_HOST ?? '',
    metricsToken: given.METRICS_TOKEN,
    timeZone: given.TIME_ZONE ?? '',
    rateLimits: {
      pages: given.RATE_LIMIT_PAGES ?? 0,
      endpoints: given.RATE_LIMIT_ENDPOINTS ?? 0,
      client: given.RATE_LIMIT_CLIENT ?? 0,
      refusedSource: given.RATE_LIMIT_REFUSED ?? 0,
      refusedClient: Math.ceil((given.RATE_LIMIT_REFUSED ?? 0) / 2),
    },
    shutdownGrace: given.SHUTDOWN_GRACE ?? 0,
    maxConnections: given.MAX_CONNECTIONS ?? 1,
    outgoingAllow: (given.OUTGOING_ALLOW ?? []).map((entry) => entry.toLowerCase()),
    demo: given.DEMO ?? (values.DATABASE_URL === undefined && !production),
    production,
  });
  if (production) faults.push(...productionFaults(config, values));
  if (faults.length > 0) throw new Refused('The configuration cannot be used:', faults);
  return config;
}
