import { readRegistrations } from '../clients/index.ts';
import { createOutgoing } from '../outgoing/index.ts';
import type { Services } from '../services.ts';
import { print, readText, table, withSchema } from './run.ts';

async function importFrom(file: string, services: Services): Promise<void> {
  const { catalogue, organizations, registry, ids, config } = services;
  const outgoing = createOutgoing(config.outgoingAllow);
  const present = new Map((await registry.list()).map((client) => [client.clientId, client]));
  const checked = await readRegistrations(readText(file), {
    apis: await catalogue.all(),
    organizations: await organizations.all(),
    addressFault: outgoing.addressFault,
    hasSecret: (clientId) => (present.get(clientId)?.secrets.length ?? 0) > 0,
    issuer: config.issuer,
    ids,
  });
  await outgoing.close();
  const created = await registry.put(
    checked.map(({ record }) => record),
    { actor: 'client import', demo: false },
  );
  for (const [index, { record, newSecret, ignored, warnings }] of checked.entries()) {
    print(`${created[index] ? 'created' : 'updated'}  ${record.clientId}`);
    if (newSecret !== undefined) print(`  client_secret (shown this once): ${newSecret}`);
    if (ignored.length > 0) print(`  ignored: ${ignored.join(', ')}`);
    for (const warning of warnings) print(`  warning: ${warning}`);
  }
}

/** `assent client import FILE`: creates or updates clients from RFC 7591 metadata, all or none. */
export function importClients(file: string): Promise<void> {
  return withSchema((services) => importFrom(file, services));
}

/** `assent client list`: every client with what it may have. */
export function listClients(): Promise<void> {
  return withSchema(async ({ registry }) => {
    const rows = (await registry.list()).map((client) => [
      client.clientId,
      client.organization?.key ?? '-',
      String(client.metadata.token_endpoint_auth_method),
      (client.metadata.grant_types as string[]).join(' ') || '-',
      Object.entries(client.apis)
        .map(([id, scopes]) => `${id}: ${scopes.join(' ')}`)
        .join('; ') || '-',
    ]);
    print(...table(['client_id', 'organisation', 'authentication', 'grants', 'APIs and scopes'], rows));
  });
}
