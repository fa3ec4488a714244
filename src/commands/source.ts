import { Refused } from '../errors.ts';
import { createOutgoing } from '../outgoing/index.ts';
import { readSources } from '../upstream/index.ts';
import { print, readText, table, withSchema } from './run.ts';

/**
 * `assent source import FILE`: creates or updates identity sources, all or none, and prints what their providers have to be
 * told. A running server offers them within ten seconds.
 */
export function importSources(file: string): Promise<void> {
  return withSchema(async ({ config, sources }) => {
    const outgoing = createOutgoing(config.outgoingAllow);
    const given = readSources(readText(file), {
      issuer: config.issuer,
      addressFault: outgoing.addressFault,
    });
    await outgoing.close();
    for (const { id, created, newKey, publicJwk } of await sources.put(given)) {
      print(`${created ? 'created' : 'updated'}  ${id}`);
      print(`  redirect_uri: ${config.issuer}/sources/${id}/callback`);
      print(`  jwks_uri: ${config.issuer}/sources/${id}/jwks`);
      if (newKey) print(`  public key: ${JSON.stringify(publicJwk)}`);
    }
  });
}

/** `assent source list`: every identity source. */
export function listSources(): Promise<void> {
  return withSchema(async ({ sources }) => {
    const rows = (await sources.all()).map(({ settings, publicJwk }) => [
      settings.id,
      settings.name,
      settings.issuer,
      settings.client_id,
      settings.new_accounts ? 'yes' : 'no',
      `${publicJwk.alg} ${publicJwk.kid}`,
    ]);
    print(...table(['id', 'name', 'issuer', 'client_id', 'makes accounts', 'key'], rows));
  });
}

/** `assent source remove ID`: nobody signs in there any more. The links of accounts stay, and count again if it is imported again. */
export function removeSource(id: string): Promise<void> {
  return withSchema(async ({ sources }) => {
    if (!(await sources.remove(id)))
      throw new Refused('Nothing was removed:', [`there is no identity source ${id}`]);
    print(`removed  ${id}`);
  });
}
