import type { Consents, Standing } from '../../consents/index.ts';
import type { RequestState } from '../request-state.ts';

/**
 * How somebody stands to the application of a request: looked up once, because the library asks who she is where we ask what
 * she decided. Nothing is issued by it alone: a grant is looked at again in the transaction that issues from it.
 *
 * @param state of the request; undefined outside one, where nothing is remembered
 */
export function standingIn(
  state: RequestState | undefined,
  consents: Pick<Consents, 'standing'>,
  accountId: string,
  clientId: string,
): Promise<Standing | undefined> {
  const key = JSON.stringify([accountId, clientId]);
  const known = state?.standings?.get(key) ?? consents.standing(accountId, clientId);
  if (state !== undefined) {
    state.standings ??= new Map();
    state.standings.set(key, known);
  }
  return known;
}
