import { isDeepStrictEqual } from 'node:util';
import { asText } from '../../text.ts';

type Payload = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Payload => typeof value === 'object' && value !== null;

/** What a session holds for each application. */
const authorizationsOf = ({ authorizations }: Payload): Payload =>
  isMap(authorizations) ? authorizations : {};

/** What an entry says: the library makes an empty one when it looks for one, and that is none. */
const said = (entry: unknown) => (isMap(entry) && Object.keys(entry).length === 0 ? undefined : entry);

/** The entries of `kept`, with those that somebody changed, added or removed between `found` and `saved`. */
function mergeEntries(kept: Payload, saved: Payload, found: Payload): Payload {
  const names = [...new Set([...Object.keys(saved), ...Object.keys(found)])];
  const changed = names.filter((name) => !isDeepStrictEqual(said(saved[name]), said(found[name])));
  const entries = { ...kept, ...Object.fromEntries(changed.map((name) => [name, saved[name]])) };
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}

/**
 * What a session is kept as when a request saves it that found it some time ago: others may have saved it since. Of
 * what was granted to each application, and of a sign-out that was begun, the request writes only what it has changed.
 *
 * @param kept as it is now
 * @param saved as the request would have it
 * @param found as it was when the request found it; by default the request has added whatever it saves
 * @returns undefined when the request must not save at all: it knew nobody, and somebody has signed in meanwhile
 */
export function mergeSession(kept: Payload, saved: Payload, found: Payload = {}): Payload | undefined {
  if (kept.accountId !== undefined && saved.accountId === undefined) return undefined;
  if (kept.accountId !== saved.accountId) return saved;
  const { authorizations: _authorizations, state: _state, ...rest } = saved;
  const state = isDeepStrictEqual(saved.state, found.state) ? kept.state : saved.state;
  const authorizations = mergeEntries(
    authorizationsOf(kept),
    authorizationsOf(saved),
    authorizationsOf(found),
  );
  const known = isMap(kept.authorizations) || isMap(saved.authorizations);
  return {
    ...rest,
    ...(known ? { authorizations } : {}),
    ...(state === undefined ? {} : { state }),
  };
}

/** The grants in a session that end with it: all but those of applications that were allowed to go on without it. */
export function grantsEndingWith(session: Payload): string[] {
  return Object.values(authorizationsOf(session)).flatMap((one) =>
    isMap(one) && typeof one.grantId === 'string' && !one.persistsLogout ? [one.grantId] : [],
  );
}

/** Every grant in a session. */
export function grantsIn(session: Payload): string[] {
  return Object.values(authorizationsOf(session)).flatMap((one) =>
    isMap(one) && typeof one.grantId === 'string' ? [one.grantId] : [],
  );
}

/** A session as an application knows it. */
export interface KnownSession {
  readonly clientId: string;
  /** `sid` in its id_tokens. */
  readonly sid: string;
  /** The grant by which it goes on there; undefined where it has none. */
  readonly grantId: string | undefined;
}

/** What the applications in a session know it by. */
export function sidsIn(session: Payload): KnownSession[] {
  return Object.entries(authorizationsOf(session)).flatMap(([clientId, one]) =>
    isMap(one) && typeof one.sid === 'string'
      ? [{ clientId, sid: one.sid, grantId: asText(one.grantId) }]
      : [],
  );
}

/** Whether somebody signed in between two states of a session: another person, or the same one anew. */
export function signsIn(saved: Payload, found: Payload = {}): boolean {
  if (typeof saved.accountId !== 'string') return false;
  return ['accountId', 'loginTs', 'acr'].some((name) => saved[name] !== found[name]);
}
