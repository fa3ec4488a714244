/** What a statement says of who answered it: columns `server` and `session`, to be selected beside others. */
export const answeredBy = `extract(epoch FROM pg_postmaster_start_time())::text AS server, pg_backend_pid() AS session`;

/** Who answered a statement that selects `answeredBy`. */
export interface Answered {
  /** When the server was started: no two servers, and no two starts of one, have it in common. */
  readonly server: string;
  /** The server's process for the connection. All of them end when one of them crashes; the server then starts no later. */
  readonly session: number;
}

/**
 * One run of one server, in which numbers of transactions only ever grow. Another server that takes over, or the same one after
 * a crash, counts on from what had reached its disk, so it may give a number again that a node has seen already.
 */
export interface Run {
  readonly server: string;
  /** Processes that have answered in this run. */
  readonly sessions: ReadonlySet<number>;
}

/** More than the pool of a node holds: processes that are gone need not be kept for ever. */
const SESSIONS = 100;

/** Whether an answer surely comes from a run: a process that answered in it before. */
export const isOfRun = (run: Run | undefined, { server, session }: Answered): boolean =>
  run !== undefined && run.server === server && run.sessions.has(session);

/** The run that an answer belongs to, for whoever has now read everything that could have been missed. */
export function noteRun(run: Run | undefined, { server, session }: Answered): Run {
  const sessions = run?.server === server && run.sessions.size < SESSIONS ? run.sessions : [];
  return { server, sessions: new Set([...sessions, session]) };
}
