import { decodeJwt, decodeProtectedHeader } from 'jose';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { type Answer, basic, form, send } from '../../support/fixtures.ts';
import { assertUser, userContext } from '../../support/practitioner.ts';
import type { Nodes } from './nodes.ts';

/** A token that a client has obtained. */
export interface Obtained {
  readonly token: string;
  readonly kid: string;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly exp: number;
  /** Which client got it from which node: tokens of one source differ in nothing but their time. */
  readonly source: string;
  /** When it was asked for, by the clock that nobody moves (`performance.now`). */
  readonly asked: number;
}

export interface Load {
  /** Every token so far, in the order in which they came. */
  readonly obtained: readonly Obtained[];
  /** What was answered instead of a token, or happened instead of an answer. */
  readonly faults: readonly string[];
  /** One for each client and node. */
  readonly sources: number;
  /** Lets no further request go, and waits until those under way have been answered. */
  hold(): Promise<void>;
  /** Lets requests go. */
  release(): void;
}

/**
 * Clients of Fernhill that ask for tokens without end, each of all nodes in turn: `clinic-backend` and `clinic-jwt` for
 * themselves, `gp-clinic` for Dr Shah. It begins held.
 *
 * @param onToken what becomes of each token before its client asks for the next one
 */
export function createLoad(
  { server, ports }: Pick<Nodes, 'server' | 'ports'>,
  onToken: (token: Obtained) => Promise<void>,
): Load {
  const { issuer } = server;
  const key = demoKey(server, 'clinic-jwt');
  const system = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
  const clients: Readonly<Record<string, (port: number) => Promise<Answer>>> = {
    'clinic-backend': (port) =>
      send({ issuer, port }, form(system, basic('clinic-backend', 'demo-secret-clinic-backend'))),
    async 'clinic-jwt'(port) {
      const proof = assertionForm(await assertion(key, 'clinic-jwt', issuer));
      return send({ issuer, port }, form({ ...system, ...proof }));
    },
    'gp-clinic': async (port) =>
      assertUser({ issuer, dataDir: server.dataDir, port }, await userContext(server)),
  };
  const obtained: Obtained[] = [];
  const faults: string[] = [];
  let held = true;
  let workers: Promise<void>[] = [];

  async function ask(clientId: string, port: number): Promise<void> {
    const asked = performance.now();
    const { status, body } = (await clients[clientId]?.(port)) ?? { status: 0, body: 'no such client' };
    if (status !== 200) throw new Error(`${status} ${body}`);
    const { access_token: token } = JSON.parse(body) as { access_token: string };
    const { iat = 0, exp = 0 } = decodeJwt(token);
    const { kid = '' } = decodeProtectedHeader(token);
    const one = { token, kid, iat, exp, source: `${clientId} at ${port}`, asked };
    obtained.push(one);
    await onToken(one);
  }

  async function work(clientId: string): Promise<void> {
    for (let turn = 0; !held; turn += 1) {
      const port = ports[turn % ports.length] ?? 0;
      await ask(clientId, port).catch((error) => {
        faults.push(`${clientId} at ${port}: ${error}`);
        // A fault is enough to fail the test: nobody has to see it a thousand times.
        held ||= faults.length > 20;
      });
    }
  }

  return {
    obtained,
    faults,
    sources: Object.keys(clients).length * ports.length,
    async hold() {
      held = true;
      await Promise.all(workers);
    },
    release() {
      held = false;
      workers = Object.keys(clients).map(work);
    },
  };
}
