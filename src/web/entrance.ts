import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Door } from './door.ts';
import { type PlainAnswer, tooManyRequests } from './too-many.ts';

/** What stands behind the entrance. */
export interface Rooms {
  readonly health: RequestListener;
  readonly metrics: RequestListener;
  /** Our own pages. @param wait seconds, where more came than the limit allows: only to be told so */
  readonly site: (req: IncomingMessage, res: ServerResponse, wait?: number) => void;
  readonly provider: RequestListener;
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
 * @param isSite whether a path is one of our own pages
 * @param isForPeople whether a path is looked at in a browser, the provider's too
 * @param limit seconds to wait, where more came from a source than the limit allows
 * @param onLimited told of a request that came beyond a limit
 * @param onFault told of what nobody behind the entrance has caught
 * @param onRefused told of a request that the door did not let in, by the address of its connection
 * @param draining whether the node is about to stop: then every answer ends its connection
 */
export function createEntrance(options: {
  door: Door;
  rooms: Rooms;
  isSite: (path: string) => boolean;
  isForPeople: (path: string) => boolean;
  limit: (source: string, path: string) => Promise<number | undefined>;
  onLimited: () => void;
  onFault: (error: unknown) => void;
  onRefused: (peer: string) => void;
  draining: () => boolean;
}): RequestListener {
  const { door, rooms, isSite, isForPeople, limit, onLimited, onFault, onRefused, draining } = options;
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
    if (isSite(path) || (wait !== undefined && isForPeople(path))) rooms.site(req, res, wait);
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
    if (path.startsWith('/health/')) return rooms.health(req, res);
    if (path === '/metrics') return rooms.metrics(req, res);
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
