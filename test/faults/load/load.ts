import { setTimeout as delay } from 'node:timers/promises';
import type { Received } from '../../integration/crash/load.ts';
import { type Sent, send } from '../../support/fixtures.ts';
import { form } from '../form.ts';
import type { Stage } from '../stage/stage.ts';
import { createClients, type Kind, type Turn } from './clients.ts';
import { type Done, describe, type Ledger, type OneTime, type Transport } from './ledger.ts';

/** Tokens that came last, of which one is asked about. */
const RECENT = 100;

/** Clients of every kind that ask without end. */
export interface Load extends Ledger {
  /** Lets clients go. */
  release(): void;
  /** Lets no further request go, and waits until those under way have come to their end. */
  hold(): Promise<void>;
}

/**
 * Makes clients, signs in those who need a person, and holds them until they are released.
 *
 * @param clients how many of each kind
 * @param transport how requests are sent; through the gateway if nothing is said
 */
export async function createLoad(options: {
  stage: Pick<Stage, 'issuer' | 'dataDir'>;
  clients: Readonly<Partial<Record<Kind, number>>>;
  transport?: Transport;
}): Promise<Load> {
  const { stage, transport = (sent: Sent) => send(stage, sent) } = options;
  const done: Done[] = [];
  const received: Received[] = [];
  const once: OneTime[] = [];
  const doubts: string[] = [];
  let held = true;
  let workers: Promise<void>[] = [];

  function note(kind: string, begun: number, outcome: string, retryAfter?: string): void {
    done.push({ kind, outcome, retryAfter, begun, ended: performance.now() });
  }

  const makers = createClients(stage, {
    note,
    receive: (one) => void received.push(one),
    once: (kind, sent, outcome) => void once.push({ kind, sent, outcome }),
    doubt: (id) => void doubts.push(id),
    recent: () => received.at(-1 - Math.floor(Math.random() * Math.min(RECENT, received.length))),
    async ask(kind, sent) {
      const begun = performance.now();
      const answer = await transport(sent).catch(() => undefined);
      const outcome = answer === undefined ? 'lost' : describe(answer);
      note(kind, begun, outcome, answer?.headers['retry-after']);
      return outcome === 'lost' ? undefined : answer;
    },
  });
  const turns: Turn[] = [];
  for (const [kind, count] of Object.entries(options.clients))
    for (let number = 0; number < count; number += 1) turns.push(await makers[kind as Kind]());

  async function work(turn: Turn): Promise<void> {
    while (!held) {
      await turn();
      await delay(form.pause);
    }
  }

  return {
    done,
    received,
    once,
    doubts,
    release() {
      held = false;
      workers = turns.map(work);
    },
    async hold() {
      held = true;
      await Promise.all(workers);
    },
  };
}

/** Lets a load go for a while; it goes on until the caller holds it. @param within milliseconds */
export async function loadFor(load: Load, within: number): Promise<void> {
  load.release();
  await delay(within);
}
