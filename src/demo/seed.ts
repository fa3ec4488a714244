import type { Audit } from '../audit/index.ts';
import type { Catalogue } from '../catalogue/index.ts';
import { type ClientRegistry, checkRegistrations } from '../clients/index.ts';
import type { Clock, Ids } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import type { Organizations } from '../organizations/index.ts';
import { publicDemoKey } from './keys.ts';
import { apis, clients, organizations } from './world.ts';

const statements = {
  mark: {
    name: 'demo_marker_set',
    text: 'INSERT INTO demo_marker (one, seeded_at) VALUES (true, $1) ON CONFLICT (one) DO UPDATE SET seeded_at = excluded.seeded_at',
  },
  present: {
    name: 'demo_marker_present',
    text: `SELECT EXISTS (SELECT FROM demo_marker) OR EXISTS (SELECT FROM clients WHERE demo)
             OR EXISTS (SELECT FROM organizations WHERE demo) OR EXISTS (SELECT FROM apis WHERE demo) AS present`,
  },
} satisfies Record<string, Statement>;

/** Whether the database holds anything of the demo world; production refuses to start on it. */
export async function hasDemoData(db: Database): Promise<boolean> {
  const [row] = await db.query<{ present: boolean }>(statements.present);
  return row?.present === true;
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
  readonly issuer: string;
  readonly dataDir: string;
}

/** Writes the demo world, or puts it back as it was; all or nothing. Key pairs are made in the data folder. */
export async function seedDemo(options: SeedOptions): Promise<void> {
  const { db, clock, ids, audit, catalogue, registry, issuer, dataDir } = options;
  const complete = await Promise.all(
    clients.map(async (client) => {
      if (client.token_endpoint_auth_method !== 'private_key_jwt') return client;
      const alg = String(client.token_endpoint_auth_signing_alg);
      return { ...client, jwks: { keys: [await publicDemoKey(dataDir, client.client_id, alg)] } };
    }),
  );
  await db.transaction(async () => {
    await db.query(statements.mark, [clock.now()]);
    for (const organization of organizations) await options.organizations.put(organization, { demo: true });
    for (const api of apis(issuer)) await catalogue.put(api, { demo: true });
    const checked = await checkRegistrations(complete, {
      apis: await catalogue.all(),
      organizations: await options.organizations.all(),
      addressFault: () => undefined,
      hasSecret: () => false,
      ids,
    });
    await registry.put(
      checked.map(({ record }) => record),
      { actor: 'seed demo', demo: true },
    );
    await audit.record({ type: 'demo.seeded', detail: { clients: checked.length } });
  });
}
