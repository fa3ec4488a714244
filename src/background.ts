import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createSealer, type Sealer } from './audit/index.ts';
import { createHousekeeping, type Housekeeping } from './db/index.ts';
import { derive } from './keys/index.ts';
import { createMailTransport, type MailSender, startMailSender } from './mail/index.ts';
import { startPolling } from './polling.ts';
import { expiringTables } from './retention.ts';
import type { Services } from './services.ts';

/** How long the last look for audit rows may take when the process stops, in milliseconds. */
const LAST_LOOK = 1000;

/** Milliseconds between two looks for applications that are to be told of a sign-out. */
const NOTICES_EVERY = 1000;

/** What a node does beside answering requests. */
export interface Background {
  /** Seconds since the oldest audit row was written that is not in the chain. */
  auditLag: Sealer['lag'];
  /** Expired rows that wait, by table. */
  rowsWaiting: Housekeeping['waiting'];
  close(): Promise<void>;
}

/** Sends mail where there is a mail server. */
function startMail({ db, clock, config, mailSeal }: Services, log: Logger): MailSender | undefined {
  if (config.mail === undefined) return undefined;
  const transport = createMailTransport({ ...config.mail, secure: config.production });
  const sender = startMailSender({
    db,
    clock,
    seal: mailSeal,
    deliver: transport.deliver,
    onFailed: (failed) =>
      log.warn({ ...failed }, failed.givenUp ? 'a mail was given up' : 'a mail waits for another try'),
    onError: (error) => log.warn({ err: error }, 'mail waits to be sent'),
  });
  return {
    ...sender,
    async close() {
      await sender.close();
      transport.close();
    },
  };
}

/** Begins to seal the audit, to send mail, to tell applications of sign-outs, and to clear away what has expired; every node does, and one at a time gets its turn. */
export function startBackground(
  services: Services,
  { log, sendLogoutNotices }: { log: Logger; sendLogoutNotices: () => Promise<void> },
): Background {
  const { db, clock, masterKey } = services;
  const sealer = createSealer({
    db,
    clock,
    key: derive(masterKey, 'audit-chain'),
    onError: (error) => log.warn({ err: error }, 'audit rows wait to be sealed'),
    onHead: ({ seq, hash }) => log.info({ head: `${seq}:${hash}` }, 'the audit is sealed so far'),
  });
  const housekeeping = createHousekeeping({
    db,
    clock,
    tables: expiringTables,
    onError: (error) => log.warn({ err: error }, 'expired rows wait to be cleared away'),
    onRound: (cleared) => log.debug({ cleared }, 'expired rows are cleared away'),
  });
  const mail = startMail(services, log);
  const notices = startPolling({
    poll: sendLogoutNotices,
    every: NOTICES_EVERY,
    onError: (error) => log.warn({ err: error }, 'applications wait to be told of sign-outs'),
  });
  return {
    auditLag: sealer.lag,
    rowsWaiting: housekeeping.waiting,
    async close() {
      await Promise.all([housekeeping.close(), mail?.close(), notices.close()]);
      // What the last requests left is still sealed; a longer backlog waits for the next start, or for another node.
      await Promise.race([sealer.poll(), setTimeout(LAST_LOOK, undefined, { ref: false })]);
      await sealer.close();
    },
  };
}
