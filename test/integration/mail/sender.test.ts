import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createMailTransport,
  type FailedTry,
  type MailSender,
  startMailSender,
} from '../../../src/mail/index.ts';
import { type MailServer, startMailServer } from '../../support/mail-server.ts';
import { freePort, startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';

const HOUR = 3600;

let server: TestServer;
const senders: { close(): Promise<void> }[] = [];
const failures: FailedTry[] = [];

beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => server?.close());
beforeEach(async () => {
  failures.length = 0;
  await server.sql('DELETE FROM mails');
});
afterEach(async () => {
  shiftTime(0);
  await Promise.all(senders.splice(0).map((one) => one.close()));
});

/** A node that sends to a mail server. */
function startNode(url: string): MailSender {
  const { db, clock, mailSeal } = server.services;
  const transport = createMailTransport({ url, from: 'Assent <no-reply@assent.test>', secure: false });
  const sender = startMailSender({
    db,
    clock,
    seal: mailSeal,
    deliver: transport.deliver,
    onFailed: (failed) => void failures.push(failed),
    onError: (error) => {
      throw error;
    },
  });
  senders.push({
    async close() {
      await sender.close();
      transport.close();
    },
  });
  return sender;
}

async function withMailServer(work: (smtp: MailServer) => Promise<void>, refuse?: () => Error | undefined) {
  const smtp = await startMailServer(refuse === undefined ? {} : { refuse });
  try {
    await work(smtp);
  } finally {
    await smtp.close();
  }
}

const send = (change: { to?: string; subject?: string; text?: string } = {}) =>
  server.services.mail.send({
    kind: 'test',
    accountId: 'aroha',
    to: 'aroha@example.test',
    subject: 'Kia ora',
    text: 'Tēnā koe, Aroha.\n',
    ...change,
  });

const waiting = () =>
  server.sql<{ attempts: number; next_at: Date | null; sent_at: Date | null; sealed: string }>(
    'SELECT attempts, next_at, sent_at, sealed FROM mails',
  );

describe('F-19 mail', () => {
  test('goes out once, with our headers and its text, and what it said is forgotten', () =>
    withMailServer(async (smtp) => {
      await send();
      await startNode(smtp.url).poll();
      const [mail, ...more] = smtp.delivered;
      expect(more).toEqual([]);
      expect(mail?.to).toEqual(['aroha@example.test']);
      expect(mail?.raw).toMatch(/^From: Assent <no-reply@assent\.test>\r$/m);
      expect(mail?.raw).toMatch(/^To: aroha@example\.test\r$/m);
      expect(mail?.raw).toMatch(/^Subject: Kia ora\r$/m);
      expect(mail?.raw).toMatch(/^Auto-Submitted: auto-generated\r$/m);
      expect(mail?.raw).toContain('T=C4=93n=C4=81 koe, Aroha.');
      expect(await waiting()).toEqual([
        { attempts: 1, next_at: null, sent_at: expect.any(Date), sealed: '' },
      ]);
    }));

  test('is not sent when what it tells was rolled back', async () => {
    const work = server.services.db.transaction(async () => {
      await send();
      throw new Error('not after all');
    });
    await expect(work).rejects.toThrow('not after all');
    expect(await waiting()).toEqual([]);
  });

  test('says nothing to whoever reads the database', async () => {
    await send({ text: 'https://assent.test/account/reset/secret' });
    const [row] = await server.sql<{ row: string }>('SELECT mails::text AS row FROM mails');
    expect(row?.row).not.toMatch(/aroha@|Kia ora|secret|assent\.test/);
  });

  test('is sent by one node when many look at once', () =>
    withMailServer(async (smtp) => {
      for (let count = 0; count < 6; count += 1) await send({ subject: `Number ${count}` });
      const nodes = Array.from({ length: 6 }, () => startNode(smtp.url));
      await Promise.all(nodes.map((node) => node.poll()));
      const subjects = smtp.delivered.map(({ raw }) => /^Subject: (.*)\r$/m.exec(raw)?.[1]);
      expect(subjects.toSorted()).toEqual(Array.from({ length: 6 }, (_, count) => `Number ${count}`));
    }));

  test('is tried five times with growing pauses where there is no server, then given up', async () => {
    const node = startNode(`smtp://127.0.0.1:${await freePort()}`);
    await send();
    const pauses = [60, 300, 1800, 7200];
    let passed = 0;
    for (const pause of pauses) {
      await node.poll();
      passed += pause - 10;
      shiftTime(passed);
      await node.poll();
      passed += 12;
      shiftTime(passed);
    }
    await node.poll();
    expect(failures.map(({ attempts, givenUp, code }) => ({ attempts, givenUp, code }))).toEqual(
      [1, 2, 3, 4, 5].map((attempts) => ({ attempts, givenUp: attempts === 5, code: 'ESOCKET' })),
    );
    shiftTime(passed + 24 * HOUR);
    await node.poll();
    expect(await waiting()).toEqual([{ attempts: 5, next_at: null, sent_at: null, sealed: '' }]);
    expect(failures).toHaveLength(5);
  });

  test('goes out at the next try after a server refused it for now', async () => {
    let full = true;
    await withMailServer(
      async (smtp) => {
        const node = startNode(smtp.url);
        await send();
        await node.poll();
        expect(failures).toMatchObject([{ attempts: 1, givenUp: false, status: 452 }]);
        expect(JSON.stringify(failures)).not.toMatch(/aroha|Kia/);
        full = false;
        shiftTime(61);
        await node.poll();
        expect(smtp.delivered).toHaveLength(1);
      },
      () =>
        full ? Object.assign(new Error('no room for aroha@example.test'), { responseCode: 452 }) : undefined,
    );
  });

  test('to a server that takes connections and says nothing keeps no other node from answering', async () => {
    const silent: Server = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as { port: number };
    const node = startNode(`smtp://127.0.0.1:${port}`);
    await send();
    const poll = node.poll();
    const begun = performance.now();
    await send({ subject: 'Meanwhile' });
    expect((await fetch(`${server.issuer}/health/ready`)).status).toBe(200);
    expect(performance.now() - begun).toBeLessThan(2500);
    await poll;
    expect(failures).toMatchObject([{ attempts: 1, code: 'ETIMEDOUT' }]);
    silent.close();
  }, 30_000);
});

describe('what would become a header or a second recipient', () => {
  test.for([
    'aroha@example.test\r\nBcc: tom@example.test',
    'aroha@example.test\nSubject: other',
    'aroha@example.test, tom@example.test',
    'Aroha <aroha@example.test>',
    '"aroha@example.test\\r\\n"@example.test',
    'aroha@example.test\0',
    'aroha@exämple.test',
    `${'a'.repeat(250)}@example.test`,
    'aroha',
    '',
  ])('is refused as an address: %j', async (to) => {
    await expect(send({ to })).rejects.toThrow('no e-mail address');
    expect(await waiting()).toEqual([]);
  });

  test.for(['Kia ora\r\nBcc: tom@example.test', 'Kia\nora', 'Kia\0ora'])(
    'is refused as a subject: %j',
    async (subject) => {
      await expect(send({ subject })).rejects.toThrow('control characters');
      expect(await waiting()).toEqual([]);
    },
  );

  test('stays text where it is text', () =>
    withMailServer(async (smtp) => {
      await send({ text: 'Bcc: tom@example.test\r\n.\r\nRCPT TO:<tom@example.test>\r\n' });
      await startNode(smtp.url).poll();
      expect(smtp.delivered.map(({ to }) => to)).toEqual([['aroha@example.test']]);
      expect(smtp.delivered[0]?.raw.split('\r\n\r\n')[0]).not.toContain('Bcc');
    }));
});
