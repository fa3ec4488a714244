import type { Logger } from 'pino';
import {
  type Accounts,
  type Credentials,
  createAccounts,
  createCredentials,
  createNotices,
  createOwnAccount,
  createPasswords,
  createPeople,
  type OwnAccount,
  type Passwords,
  type People,
} from './accounts/index.ts';
import { type Activity, type Audit, createActivity, createAudit } from './audit/index.ts';
import { type Catalogue, createCatalogue } from './catalogue/index.ts';
import { type ClientRegistry, createClientRegistry } from './clients/index.ts';
import { CLOCK_SKEW, type Clock, type Ids, randomIds, systemClock } from './clock.ts';
import type { Config } from './config/index.ts';
import { type Consents, createConsents } from './consents/index.ts';
import {
  type Database,
  migrate,
  migrationStatus,
  type OpenedDatabase,
  openDatabase,
  refuseNewer,
} from './db/index.ts';
import { hasDemoData, seedDemo } from './demo/index.ts';
import { Refused } from './errors.ts';
import {
  createSeal,
  createSigningKeys,
  derive,
  readMasterKey,
  type Seal,
  type SigningKeys,
} from './keys/index.ts';
import { createLetters, createMail, type Mail } from './mail/index.ts';
import { createEndAccount } from './oidc/index.ts';
import { createOrganizations, type Organizations } from './organizations/index.ts';
import { createPractitioners, type Practitioners } from './practitioners/index.ts';
import {
  type BrowserSessions,
  createBrowserSessions,
  createLogoutNotices,
  type LogoutNotices,
} from './sessions/index.ts';
import { type Correlation, createCorrelation } from './telemetry/index.ts';
import { createSources, type Sources } from './upstream/index.ts';

/** The features on one database: what the server and the command line both work with. */
export interface Services {
  readonly config: Config;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly db: Database;
  readonly target: OpenedDatabase['target'];
  readonly masterKey: Buffer;
  /** Knows which request somebody works for. */
  readonly correlation: Correlation;
  readonly audit: Audit;
  readonly activity: Activity;
  readonly organizations: Organizations;
  readonly catalogue: Catalogue;
  readonly registry: ClientRegistry;
  readonly accounts: Accounts;
  readonly passwords: Passwords;
  readonly credentials: Credentials;
  readonly ownAccount: OwnAccount;
  readonly people: People;
  readonly practitioners: Practitioners;
  readonly sources: Sources;
  /** Opens our keys at identity sources, and what is remembered of sign-ins there. */
  readonly sourceSeal: Seal;
  readonly consents: Consents;
  readonly browserSessions: BrowserSessions;
  readonly logoutNotices: LogoutNotices;
  readonly keys: SigningKeys;
  readonly mail: Mail;
  /** Reads what waits to be sent. */
  readonly mailSeal: Seal;
  /** Ends the worker threads and closes the database. */
  close(): Promise<void>;
}

/**
 * Builds the features on an opened database; nothing is written yet.
 *
 * @param correlation the same that the log has
 */
export function createServices(
  config: Config,
  { db, target }: OpenedDatabase,
  correlation: Correlation = createCorrelation({ ids: randomIds }),
): Services {
  const clock = systemClock;
  const ids = randomIds;
  const masterKey = readMasterKey(config);
  const audit = createAudit({ db, clock, ids, correlation: correlation.current });
  const passwords = createPasswords();
  const mailSeal = createSeal(masterKey, 'mail');
  const sourceSeal = createSeal(masterKey, 'identity-sources');
  const consents = createConsents({ db, clock, ids, audit });
  const accounts = createAccounts({ db, clock, audit, passwords });
  const mail = createMail({ db, clock, ids, seal: mailSeal, letters: createLetters() });
  const { issuer, timeZone } = config;
  const browserSessions = createBrowserSessions({ db, clock });
  const registry = createClientRegistry({ db, clock, audit });
  const logoutNotices = createLogoutNotices({ db, clock, ids });
  const notices = createNotices({ db, clock, mail, issuer, timeZone });
  const credentials = createCredentials({
    ...{ db, clock, audit, passwords },
    issuer,
    challengeKey: derive(masterKey, 'passkey-challenges'),
    seal: createSeal(masterKey, 'authenticators'),
    breachedFile: config.breachedPasswordsFile,
    notify: notices.credentialChanged,
  });
  return {
    config,
    clock,
    ids,
    db,
    target,
    masterKey,
    correlation,
    audit,
    activity: createActivity({ db }),
    ownAccount: createOwnAccount({ db, clock, audit }),
    organizations: createOrganizations({ db, clock, audit }),
    catalogue: createCatalogue({ db, clock, audit }),
    registry,
    accounts,
    passwords,
    credentials,
    people: createPeople({
      ...{ db, clock, ids, audit, mail, passwords, credentials, notices, issuer, timeZone },
      endEverything: createEndAccount({
        ...{ db, clock, accounts, consents, browserSessions, registry, logoutNotices, audit },
      }),
    }),
    practitioners: createPractitioners({ db, clock, audit, consents }),
    sources: createSources({ db, clock, audit, seal: sourceSeal }),
    sourceSeal,
    consents,
    browserSessions,
    logoutNotices,
    // The demo's time may be moved.
    keys: createSigningKeys({
      db,
      masterKey,
      clock,
      audit,
      tolerance: config.demo ? Number.POSITIVE_INFINITY : CLOCK_SKEW,
    }),
    mail,
    mailSeal,
    async close() {
      await passwords.close();
      await db.close();
    },
  };
}

/** Opens the database of the configuration and the features on it. */
export async function openServices(
  config: Config,
  log: Logger,
  correlation?: Correlation,
): Promise<Services> {
  const onError = (error: Error) => log.warn({ err: error }, 'an idle database connection was lost');
  return createServices(
    config,
    await openDatabase({ url: config.databaseUrl, dataDir: config.dataDir, onError }),
    correlation,
  );
}

/** Seeds the demo world into the services' database. @throws Refused in production: its secrets are public */
export async function seed(services: Services): Promise<void> {
  const { issuer, dataDir, production, timeZone } = services.config;
  if (production) {
    throw new Refused('Nothing was seeded:', [
      'this is production, and the secrets of the demo world are public',
    ]);
  }
  await seedDemo({ ...services, issuer, dataDir, timeZone });
}

/**
 * Makes sure that this version works on the schema of the database: its own, or that of a newer one that only added to it.
 *
 * @throws Refused that names what is pending, or what is too new
 */
export async function requireSchema(target: Services['target']): Promise<void> {
  const status = await migrationStatus(target);
  refuseNewer(status);
  const { pending } = status;
  if (pending.length === 0) return;
  throw new Refused('The database is not ready for this version:', [
    `pending migrations: ${pending.map(({ name }) => name).join(', ')}`,
    'run assent migrate up first',
  ]);
}

/**
 * Makes the database ready for use. In production it only checks, because a schema is changed there by an
 * operator's own step (`assent migrate up`); elsewhere it migrates and, in demo mode, seeds an empty world.
 *
 * @throws Refused when a newer version has changed the schema so that this one does not work on it; in production also when
 *   migrations are pending or demo data is present
 */
export async function prepare(services: Services): Promise<void> {
  const { config, db, target, keys } = services;
  if (config.production) {
    await requireSchema(target);
    if (await hasDemoData(db))
      throw new Refused('The database cannot be used in production:', ['it holds demo data']);
  } else {
    await migrate(target);
    if (config.demo && !(await hasDemoData(db))) await seed(services);
  }
  await keys.ensure();
}
