import { type Accounts, type Credentials, type Passwords, registerOf } from '../accounts/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Catalogue } from '../catalogue/index.ts';
import { type ClientRegistry, checkRegistrations } from '../clients/index.ts';
import type { Clock, Ids } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import type { Organizations } from '../organizations/index.ts';
import type { Practitioners } from '../practitioners/index.ts';
import { publicDemoKey } from './keys.ts';
import { civilDate, demoAuthenticatorKey, demoPassword, people } from './people.ts';
import { apis, clients, organizations } from './world.ts';

const statements = {
  mark: {
    name: 'demo_marker_set',
    text: 'INSERT INTO demo_marker (one, seeded_at) VALUES (true, $1) ON CONFLICT (one) DO UPDATE SET seeded_at = excluded.seeded_at',
  },
  present: {
    name: 'demo_marker_present',
    text: `SELECT EXISTS (SELECT FROM demo_marker) OR EXISTS (SELECT FROM clients WHERE demo)
             OR EXISTS (SELECT FROM organizations WHERE demo) OR EXISTS (SELECT FROM apis WHERE demo)
             OR EXISTS (SELECT FROM accounts WHERE demo) AS present`,
  },
  clear: {
    name: 'demo_resources_clear',
    text: 'DELETE FROM demo_resources',
  },
  seededAt: {
    name: 'demo_marker_seeded_at',
    text: 'SELECT seeded_at FROM demo_marker',
  },
} satisfies Record<string, Statement>;

/** Whether the database holds anything of the demo world; production refuses to start on it. */
export async function hasDemoData(db: Database): Promise<boolean> {
  const [row] = await db.query<{ present: boolean }>(statements.present);
  return row?.present === true;
}

/** The civil date on which the demo world was seeded, YYYY-MM-DD: the day on which everybody's age is right. */
export async function demoDate(db: Database, timeZone: string): Promise<string | undefined> {
  const [row] = await db.query<{ seeded_at: Date }>(statements.seededAt);
  return row && civilDate(row.seeded_at, timeZone);
}

/** What the demo world is written with. */
export interface SeedOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly audit: Audit;
  readonly organizations: Organizations;
  readonly catalogue: Catalogue;
  readonly registry: ClientRegistry;
  readonly accounts: Accounts;
  readonly passwords: Passwords;
  readonly credentials: Pick<Credentials, 'authenticators'>;
  readonly practitioners: Practitioners;
  readonly timeZone: string;
  readonly issuer: string;
  readonly dataDir: string;
}

/**
 * Everybody of the demo world who signs in, practitioners with their roles. They share a password, which is published,
 * so one hash does for all, and the key of an authenticator app.
 */
async function seedAccounts(options: SeedOptions, passwordHash: string): Promise<void> {
  const { accounts, credentials, practitioners, clock, timeZone } = options;
  for (const person of people(civilDate(clock.now(), timeZone))) {
    const { key, name, patientId, practitionerId, signInName } = person;
    if (signInName === undefined) continue;
    const { roles, identifier, birthDate, family, given, prefix } = person;
    const record = {
      id: key,
      name,
      passwordHash,
      patient: patientId,
      practitioner: practitionerId,
      birthDate,
    };
    const known = identifier !== undefined && registerOf(identifier.system) !== undefined;
    await accounts.put(
      {
        ...record,
        identifiers: [signInName],
        email: signInName,
        healthIdentifiers: known ? [identifier] : [],
        ...(patientId === undefined ? {} : { identityLevel: 'high', identitySource: 'demo' }),
      },
      { demo: true },
    );
    await credentials.authenticators.put(key, demoAuthenticatorKey, { always: false });
    if (roles === undefined) continue;
    const names = { family, given: [given], prefix: prefix === undefined ? [] : [prefix] };
    await practitioners.put({ accountId: key, sdsUser: identifier?.value, ...names, roles });
  }
}

/** Writes the demo world, or puts it back as it was; all or nothing. Key pairs are made in the data folder. */
export async function seedDemo(options: SeedOptions): Promise<void> {
  const { db, clock, ids, audit, catalogue, registry, issuer, dataDir } = options;
  const complete = await Promise.all(
    clients(issuer).map(async (client) => {
      if (client.token_endpoint_auth_method !== 'private_key_jwt') return client;
      const alg = String(client.token_endpoint_auth_signing_alg);
      return { ...client, jwks: { keys: [await publicDemoKey(dataDir, client.client_id, alg)] } };
    }),
  );
  const passwordHash = await options.passwords.hash(demoPassword);
  await db.transaction(async () => {
    await db.query(statements.mark, [clock.now()]);
    await db.query(statements.clear);
    for (const organization of organizations) await options.organizations.put(organization, { demo: true });
    for (const api of apis(issuer)) await catalogue.put(api, { demo: true });
    await seedAccounts(options, passwordHash);
    const checked = await checkRegistrations(complete, {
      apis: await catalogue.all(),
      organizations: await options.organizations.all(),
      addressFault: () => undefined,
      hasSecret: () => false,
      issuer,
      ids,
    });
    await registry.put(
      checked.map(({ record }) => record),
      { actor: 'seed demo', demo: true },
    );
    await audit.record({ type: 'demo.seeded', detail: { clients: checked.length } });
  });
}
