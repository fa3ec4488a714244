import type { TestServer } from '../../support/server.ts';
import { formTo, type Page, type Visitor } from '../../support/visitor.ts';
import { openAccount } from '../account/account.ts';

/** A decision that holds, as the database has it. */
export interface Held {
  readonly id: string;
  readonly version: number;
  readonly lines: readonly { readonly scope: string; readonly allowed: boolean }[];
}

/** The decision about an application that holds; undefined when there is none. */
export async function heldBy(
  { sql }: Pick<TestServer, 'sql'>,
  clientId: string,
  accountId = 'aroha',
  apiId?: string,
): Promise<Held | undefined> {
  const rows = await sql<Held>(
    `SELECT id, version, lines FROM consents
     WHERE account_id = $1 AND client_id = $2 AND ended_at IS NULL AND ($3::text IS NULL OR api_id = $3)`,
    [accountId, clientId, apiId ?? null],
  );
  return rows[0];
}

/** Whose decision about which application is meant: aroha's, if nothing else is said, at whichever API. */
interface Meant {
  readonly clientId: string;
  readonly apiId?: string;
  readonly accountId?: string;
  /** The line; everything, where it is left out. */
  readonly scope?: string;
}

/** The form with which something is taken back, ready to be sent. */
export interface ReadyForm {
  readonly action: string;
  readonly fields: readonly (readonly [string, string])[];
}

/** Opens the page that asks whether a line, or everything, is to be taken back. */
export async function readyForm(
  server: Pick<TestServer, 'issuer' | 'sql'>,
  visitor: Visitor,
  { clientId, scope, accountId, apiId }: Meant,
): Promise<ReadyForm> {
  const held = await heldBy(server, clientId, accountId, apiId);
  if (held === undefined) throw new Error(`${clientId} has nothing`);
  await openAccount(server, { visitor });
  const everything = `/account/applications/${held.id}/take-back`;
  const { action, fields } = formTo(await visitor.get(everything), '/take-back');
  if (scope === undefined) return { action, fields };
  const at = held.lines.findIndex((line) => line.scope === scope);
  return { action: `/account/applications/${held.id}/lines/${at}`, fields };
}

/** Takes a line back, or everything. */
export async function takeBack(
  server: Pick<TestServer, 'issuer' | 'sql'>,
  visitor: Visitor,
  what: Meant,
): Promise<Page> {
  const { action, fields } = await readyForm(server, visitor, what);
  return visitor.post(action, fields);
}
