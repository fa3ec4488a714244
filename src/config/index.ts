import { Refused } from '../errors.ts';
import { masterKeyBytes } from './checks.ts';
import { nameFaults } from './names.ts';
import { productionFaults } from './production.ts';
import { collect, type Environment, parse } from './values.ts';

export { families } from './names.ts';
export { settings } from './settings.ts';

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
  /** Path of a list of breached passwords. */
  readonly breachedPasswordsFile: string | undefined;
  /** Seconds. */
  readonly shutdownGrace: number;
  readonly maxConnections: number;
  /** Undefined: no mail is sent. */
  readonly mail: { readonly url: string; readonly from: string } | undefined;
  readonly demo: boolean;
  readonly production: boolean;
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
  faults.push(...nameFaults(env));
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
    breachedPasswordsFile: given.BREACHED_PASSWORDS_FILE,
    shutdownGrace: given.SHUTDOWN_GRACE ?? 0,
    maxConnections: given.MAX_CONNECTIONS ?? 1,
    outgoingAllow: (given.OUTGOING_ALLOW ?? []).map((entry) => entry.toLowerCase()),
    mail:
      given.SMTP_URL === undefined || given.MAIL_FROM === undefined
        ? undefined
        : { url: given.SMTP_URL, from: given.MAIL_FROM },
    demo: given.DEMO ?? (values.DATABASE_URL === undefined && !production),
    production,
  });
  if (values.SMTP_URL !== undefined && values.MAIL_FROM === undefined)
    faults.push('MAIL_FROM is required with SMTP_URL');
  if (production) faults.push(...productionFaults(config, values));
  if (faults.length > 0) throw new Refused('The configuration cannot be used:', faults);
  return config;
}
