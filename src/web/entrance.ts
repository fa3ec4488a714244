import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { answererOf, isForPeople } from '../addresses/index.ts';
import type { Door } from './door.ts';

/** What stands behind the entrance. */
export interface Rooms {
  readonly metrics: RequestListener;
  /** Our own pages, and health. @param wait seconds, where more came than the limit allows: only to be told so */
  readonly site: (req: IncomingMessage, res: ServerResponse, wait?: number) => void;
  readonly provider: RequestListener;
}

/** An answer to a program, for whatever sends answers. */
interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Tells a program that it asked too often (RFC 6585 section 4), in the form of OAuth errors (RFC 6749 section 5.2).
 *
 * @param retryAfter seconds
 */
function tooManyRequests(retryAfter: number): PlainAnswer {
  return {
    status: 429,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'Retry-After': String(retryAfter),
    },
    body: JSON.stringify({
      error: 'too_many_requests',
      error_description: `more requests came than the limit allows: try again in ${retryAfter} s`,
    }),
  };
}

/** The address without its query. */
const pathOf = (url: string | undefined) => (url ?? '').split('?', 1)[0] ?? '';

function send(res: ServerResponse, { status, headers, body }: PlainAnswer): void {
  res.writeHead(status, { ...headers, Connection: 'close' });
  res.end(body);
}

/**
 * Where every request comes in. Health and metrics are answered whatever the `Host`; all others pass the door and the limits
 * on load, and go to our own pages or to the provider.
 *
 * @param limit seconds to wait, where more came from a source than the limit allows
 * @param onLimited told of a request that came beyond a limit
 * @param onFault told of what nobody behind the entrance has caught
 * @param onRefused told of a request that the door did not let in, by the address of its connection
 * @param draining whether the node is about to stop: then every answer ends its connection
 */
export function createEntrance(options: {
  door: Door;
  rooms: Rooms;
  limit: (source: string, path: string) => Promise<number | undefined>;
  onLimited: () => void;
  onFault: (error: unknown) => void;
  onRefused: (peer: string) => void;
  draining: () => boolean;
}): RequestListener {
  const { door, rooms, limit, onLimited, onFault, onRefused, draining } = options;
  /** How many requests have come. */
  let turns = 0;
  /**
   * The turn of the request with whose refusal a connection ends. What stands behind it was sent before the refusal arrived,
   * and must not be carried out; what stands before it is served.
   */
  const refusals = new WeakMap<object, number>();

  function refuse(req: IncomingMessage, res: ServerResponse, turn: number, answer: PlainAnswer): void {
    refusals.set(req.socket, Math.min(turn, refusals.get(req.socket) ?? turn));
    send(res, answer);
  }

  const isBehindRefusal = (req: IncomingMessage, turn: number) =>
    turn > (refusals.get(req.socket) ?? Number.POSITIVE_INFINITY);

  async function serve(
    req: IncomingMessage,
    res: ServerResponse,
    turn: number,
    source: string,
  ): Promise<void> {
    const path = pathOf(req.url);
    const wait = await limit(source, path);
    if (isBehindRefusal(req, turn)) return;
    if (wait !== undefined) onLimited();
    const toSite = answererOf(path) === 'site' || (wait !== undefined && isForPeople(path));
    if (toSite) rooms.site(req, res, wait);
    else if (wait !== undefined) refuse(req, res, turn, tooManyRequests(wait));
    else rooms.provider(req, res);
  }

  return (req, res) => {
    turns += 1;
    const turn = turns;
    // Node ends the connection when the refusal is out; what was answered before it goes out first.
    if (isBehindRefusal(req, turn)) return;
    if (draining()) res.setHeader('Connection', 'close');
    const path = pathOf(req.url);
    if (answererOf(path) === 'entrance')
      return path === '/metrics' ? rooms.metrics(req, res) : rooms.site(req, res);
    const passage = door.enter(req);
    if ('refusal' in passage) {
      onRefused(req.socket.remoteAddress ?? 'unknown');
      const body = JSON.stringify({ error: 'invalid_request', error_description: passage.refusal });
      const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };
      return refuse(req, res, turn, { status: 400, headers, body });
    }
    serve(req, res, turn, passage.source).catch((error: unknown) => {
      onFault(error);
      req.socket.destroy();
    });
  };
}
