type Payload = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Payload => typeof value === 'object' && value !== null;

/**
 * What a session is kept as when a request saves it that found it some time ago: others may have saved it since.
 *
 * @param kept as it is now
 * @param saved as the request would have it
 * @returns undefined when the request must not save at all: it knew nobody, and somebody has signed in meanwhile
 */
export function mergeSession(kept: Payload, saved: Payload): Payload | undefined {
  if (kept.accountId !== undefined && saved.accountId === undefined) return undefined;
  if (kept.accountId !== saved.accountId) return saved;
  const authorizations =
    isMap(kept.authorizations) || isMap(saved.authorizations)
      ? { ...(kept.authorizations as Payload), ...(saved.authorizations as Payload) }
      : undefined;
  return {
    ...saved,
    // What another application was granted meanwhile, and a sign-out that was begun.
    ...(authorizations === undefined ? {} : { authorizations }),
    ...(saved.state === undefined && kept.state !== undefined ? { state: kept.state } : {}),
  };
}
