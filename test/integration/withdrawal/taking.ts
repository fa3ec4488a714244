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
): Promise<Held | undefined> {
  const rows = await sql<Held>(
    'SELECT id, version, lines FROM consents WHERE account_id = $1 AND client_id = $2 AND ended_at IS NULL',
    [accountId, clientId],
  );
  return rows[0];
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
  { clientId, scope, accountId }: { clientId: string; scope?: string; accountId?: string },
): Promise<ReadyForm> {
  const held = await heldBy(server, clientId, accountId);
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
  what: { clientId: string; scope?: string; accountId?: string },
): Promise<Page> {
  const { action, fields } = await readyForm(server, visitor, what);
  return visitor.post(action, fields);
}
