import { z } from 'zod';
import {
  beginsWithHash,
  count,
  flag,
  isHostPort,
  isNetwork,
  isSender,
  list,
  masterKeyBytes,
  seconds,
  url,
  urls,
} from './checks.ts';

/**
 * Every setting of the running program: environment variable, check, explanation.
 *
 * `secret` settings can also be given as `NAME_FILE`, the path of a file that holds the value. A `family` is
 * how names begin that only Assent has: one more that begins so is a mistake. `docs/configuration.md` is generated from here.
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
      family: 'ASSENT_',
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
      family: 'COOKIE_',
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
      family: 'METRICS_',
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
      family: 'OUTGOING_',
    }),
  BREACHED_PASSWORDS_FILE: z
    .string()
    .refine(
      beginsWithHash,
      'must be the path of a list that can be read and begins with a SHA-1 in hexadecimal',
    )
    .optional()
    .meta({
      description:
        'Path of a list of breached passwords, refused when somebody chooses one: SHA-1 in hexadecimal, sorted, one a line, as Have I Been Pwned publishes it ("ordered by hash"). A list of common passwords is always refused.',
      default: 'none',
    }),
  SHUTDOWN_GRACE: seconds(60).default(5).meta({
    description:
      'Seconds for which a node that was told to stop (SIGTERM) still takes requests while `/health/ready` already answers 503: longer than load balancers take to notice.',
    default: '5',
    family: 'SHUTDOWN_',
  }),
  MAX_CONNECTIONS: count(1, 65_535).default(10_000).meta({
    description: 'Connections that a node holds at once; one more is closed at once.',
    default: '10000',
  }),
  RATE_LIMIT_PAGES: count(0, 1e9).default(3000).meta({
    description:
      'Requests for pages that one source address may send to a node in a minute; `0`: no limit. A hospital may stand behind one address.',
    default: '3000',
    family: 'RATE_LIMIT_',
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
  SMTP_URL: url(['smtp:', 'smtps:']).optional().meta({
    description:
      'Mail server that takes mail to people (`smtp://user:password@mail.example.org:587`, or `smtps:`). With `smtp:` the connection is encrypted by STARTTLS: in production always, else where the server can. Without it no mail is sent; in demo mode `/demo/outbox` shows it. `%` stands for no character of a password but in the form `%25`.',
    default: 'none',
    secret: true,
  }),
  MAIL_FROM: z.string().refine(isSender, 'must be an e-mail address, or Name <address>').optional().meta({
    description: 'Sender of mail: an address, or `Name <address>`. Required with `SMTP_URL`.',
    default: 'none',
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

/** The name of a setting. */
export type Name = keyof typeof settings.shape;

/** The names of all settings, in the order of the table. */
export const names = Object.keys(settings.shape) as Name[];

/** Whether a setting can also be given as a file. */
export const isSecret = (name: Name) => settings.shape[name].meta()?.secret === true;
