import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import { createCache, type Database, ONE_SECOND, type Statement } from '../db/index.ts';
import { type Client, type Device, pageOrigins } from './client.ts';

const statements = {
  find: {
    name: 'clients_find',
    text: `SELECT c.client_id, c.metadata, c.device, c.asid,
                  o.key AS organization_key, o.name AS organization_name, o.ods_code, o.asid AS organization_asid,
                  o.kind AS organization_kind,
                  (SELECT coalesce(jsonb_agg(jsonb_build_object('hash', s.hash, 'expires_at', s.expires_at)), '[]')
                     FROM client_secrets s WHERE s.client_id = c.client_id) AS secrets,
                  (SELECT coalesce(jsonb_object_agg(a.api_id, a.scopes), '{}')
                     FROM client_apis a WHERE a.client_id = c.client_id) AS apis
           FROM clients c LEFT JOIN organizations o ON o.key = c.organization
           WHERE c.client_id = $1`,
  },
  put: {
    name: 'clients_put',
    text: `INSERT INTO clients (client_id, metadata, organization, asid, device, demo, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
           ON CONFLICT (client_id) DO UPDATE SET metadata = excluded.metadata, organization = excluded.organization,
             asid = excluded.asid, device = excluded.device, demo = excluded.demo, updated_at = excluded.updated_at
           RETURNING (xmax = 0) AS created`,
  },
  dropOtherSecrets: {
    name: 'client_secrets_drop_others',
    text: `DELETE FROM client_secrets WHERE client_id = $1
             AND hash NOT IN (SELECT jsonb_array_elements_text($2::jsonb))`,
  },
  putSecret: {
    name: 'client_secrets_put',
    text: `INSERT INTO client_secrets (client_id, hash, created_at, expires_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (client_id, hash) DO UPDATE SET expires_at = excluded.expires_at`,
  },
  publicOnes: {
    name: 'clients_public_metadata',
    text: `SELECT metadata FROM clients WHERE metadata ->> 'token_endpoint_auth_method' = 'none'`,
  },
  dropApis: { name: 'client_apis_drop', text: 'DELETE FROM client_apis WHERE client_id = $1' },
  putApi: {
    name: 'client_apis_put',
    text: 'INSERT INTO client_apis (client_id, api_id, scopes) VALUES ($1, $2, $3)',
  },
} satisfies Record<string, Statement>;

interface ClientRow {
  client_id: string;
  metadata: Record<string, unknown>;
  device: Device | null;
  asid: string | null;
  organization_key: string | null;
  organization_name: string;
  organization_kind: string;
  organization_asid: string | null;
  ods_code: string | null;
  secrets: { hash: string; expires_at: string | null }[];
  apis: Record<string, string>;
}

function asClient(row: ClientRow): Client {
  const organization =
    row.organization_key === null
      ? undefined
      : {
          key: row.organization_key,
          name: row.organization_name,
          odsCode: row.ods_code ?? undefined,
          asid: row.organization_asid ?? undefined,
          kind: row.organization_kind,
        };
  return {
    clientId: row.client_id,
    metadata: row.metadata,
    organization,
    asid: row.asid ?? organization?.asid,
    device: row.device ?? undefined,
    secrets: row.secrets.map(({ hash, expires_at }) => ({
      hash,
      expiresAt: expires_at === null ? undefined : new Date(expires_at),
    })),
    apis: Object.fromEntries(Object.entries(row.apis).map(([id, scopes]) => [id, scopes.split(' ')])),
  };
}

/** A client as it is written: its organisation by key, its own ASID only, and the secrets to set. */
export interface ClientRecord {
  readonly clientId: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly organization: string | undefined;
  readonly asid: string | undefined;
  readonly device: Device | undefined;
  /** The hashes that shall be valid from now on; undefined leaves the present ones. */
  readonly secrets: Client['secrets'] | undefined;
  readonly apis: Client['apis'];
}

export interface ClientRegistry {
  /** The client, as of at most a second ago. */
  find(clientId: string): Promise<Client | undefined>;
  /** Origins at which clients without a secret have their pages, as of at most a second ago. */
  publicOrigins(): Promise<ReadonlySet<string>>;
  /** Every client, in the order of client_id. */
  list(): Promise<Client[]>;
  /** Creates or replaces clients, all or none, with an audit row each; tells of each whether it is new. */
  put(records: readonly ClientRecord[], options: { actor: string; demo: boolean }): Promise<boolean[]>;
}

/** Clients kept ready in memory; more than a node serves in one second. */
const MOST_CACHED = 5000;

/** The registered clients in the database. */
export function createClientRegistry(options: { db: Database; clock: Clock; audit: Audit }): ClientRegistry {
  const { db, clock, audit } = options;

  async function load(clientId: string): Promise<Client | undefined> {
    const [row] = await db.query<ClientRow>(statements.find, [clientId]);
    return row === undefined ? undefined : asClient(row);
  }
  const cache = createCache({
    clock,
    max: MOST_CACHED,
    load,
    fresh: ONE_SECOND,
    bypass: db.inTransaction,
  });

  const origins = createCache<ReadonlySet<string>>({
    clock,
    max: 1,
    async load() {
      const rows = await db.query<Pick<ClientRow, 'metadata'>>(statements.publicOnes);
      return new Set(rows.flatMap(pageOrigins));
    },
    fresh: ONE_SECOND,
    bypass: db.inTransaction,
  });

  async function putSecrets(clientId: string, secrets: Client['secrets'], now: Date): Promise<void> {
    await db.query(statements.dropOtherSecrets, [clientId, JSON.stringify(secrets.map(({ hash }) => hash))]);
    for (const { hash, expiresAt } of secrets) {
      await db.query(statements.putSecret, [clientId, hash, now, expiresAt ?? null]);
    }
  }

  async function putOne(record: ClientRecord, actor: string, demo: boolean): Promise<boolean> {
    const { clientId, metadata, organization, asid, device, secrets, apis } = record;
    const now = clock.now();
    const [row] = await db.query<{ created: boolean }>(statements.put, [
      clientId,
      JSON.stringify(metadata),
      organization ?? null,
      asid ?? null,
      device === undefined ? null : JSON.stringify(device),
      demo,
      now,
    ]);
    if (secrets !== undefined) await putSecrets(clientId, secrets, now);
    await db.query(statements.dropApis, [clientId]);
    for (const [id, scopes] of Object.entries(apis)) {
      await db.query(statements.putApi, [clientId, id, scopes.join(' ')]);
    }
    const created = row?.created === true;
    const detail = { actor, metadata, asid, apis, secrets: secrets === undefined ? 'kept' : secrets.length };
    await audit.record({
      type: created ? 'client.created' : 'client.updated',
      clientId,
      organization,
      detail,
    });
    return created;
  }

  return {
    find: (clientId) => cache.get(clientId),
    publicOrigins: () => origins.get('all'),
    async list() {
      const rows = await db.run<{ client_id: string }>(
        db.sql('clients').select('client_id').orderBy('client_id'),
      );
      const clients = await Promise.all(rows.map((row) => load(row.client_id)));
      return clients.filter((client) => client !== undefined);
    },
    async put(records, { actor, demo }) {
      const created = await db.transaction(async () => {
        const results: boolean[] = [];
        for (const record of records) results.push(await putOne(record, actor, demo));
        return results;
      });
      cache.clear();
      origins.clear();
      return created;
    },
  };
}
