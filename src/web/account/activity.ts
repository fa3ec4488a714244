import type { Context } from 'koa';
import type { Activity, ActivityPlace } from '../../audit/index.ts';
import { accountClientId, type ClientRegistry, clientName } from '../../clients/index.ts';
import type { Renderer } from '../render.ts';
import type { AccountFront } from './account-routes.ts';
import { daysOf } from './activity-words.ts';

/** What the page about activity needs. */
export interface ActivityPageOptions {
  readonly activity: Activity;
  readonly registry: Pick<ClientRegistry, 'find'>;
  /** The renderer for the language of a request. */
  readonly rendererOf: (ctx: Context) => Renderer;
}

/** Entries of one page, before those that say the same become one. */
const ENTRIES = 50;

/** A place in an address: milliseconds and id of the last entry that was shown. What is none begins at the latest. */
export function readPlace(text: unknown): ActivityPlace | undefined {
  const [, at, id] = (typeof text === 'string' && /^(\d{1,13})\.([\w-]{1,64})$/.exec(text)) || [];
  return at === undefined || id === undefined ? undefined : { at: new Date(Number(at)), id };
}

/** A place, as an address has it. */
export const writePlace = ({ at, id }: ActivityPlace) => `${at.getTime()}.${id}`;

/** The page on which a person sees what happened in her name. */
export function addActivity(front: AccountFront, options: ActivityPageOptions): void {
  const { activity, registry, rendererOf } = options;

  async function namesOf(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const clients = await Promise.all([...new Set(ids)].map((id) => registry.find(id)));
    return new Map(clients.flatMap((client) => (client ? [[client.clientId, clientName(client)]] : [])));
  }

  front.get('/activity', async (visit) => {
    const { ctx, person } = visit;
    const after = readPlace(ctx.query.before);
    const page = await activity.ofPerson(person.account.id, { after, most: ENTRIES });
    // That she turned back at our own sign-in page is nothing that she decided about anybody.
    const entries = page.entries.filter(({ clientId }) => clientId !== accountClientId);
    const names = await namesOf(entries.flatMap(({ clientId }) => clientId ?? []));
    front.show(visit, 'account/activity.njk', {
      days: daysOf(entries, {
        renderer: rendererOf(ctx),
        nameOf: (clientId) => names.get(clientId) ?? clientId,
        ownPatient: person.account.patient,
      }),
      older: page.next ? `/account/activity?before=${writePlace(page.next)}` : '',
      latest: after === undefined,
    });
  });
}
