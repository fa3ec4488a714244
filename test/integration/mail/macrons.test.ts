import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMailTransport, startMailSender } from '../../../src/mail/index.ts';
import { startMailServer } from '../../support/mail-server.ts';
import { startServer, type TestServer } from '../../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.close());

/** A header as people read it (RFC 2047, section 2): words in UTF-8, in base64 or "Q". */
function headerOf(raw: string, name: string): string {
  const found = new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, 'm').exec(raw)?.[1] ?? '';
  return found
    .replaceAll(/\?=\r?\n?[ \t]+=\?/g, '?==?')
    .replaceAll(/=\?UTF-8\?([BQ])\?([^?]*)\?=/gi, (_word, coding: string, text: string) => {
      const bytes =
        coding.toUpperCase() === 'B'
          ? Buffer.from(text, 'base64')
          : Buffer.from(
              text
                .replaceAll('_', ' ')
                .replaceAll(/=([0-9A-F]{2})/gi, (_byte, hex: string) =>
                  String.fromCharCode(Number.parseInt(hex, 16)),
                ),
              'latin1',
            );
      return bytes.toString('utf8');
    });
}

test('a mail keeps the macrons of names in its subject and its text', async () => {
  const smtp = await startMailServer({});
  const { db, clock, mailSeal, mail } = server.services;
  const transport = createMailTransport({
    url: smtp.url,
    from: 'Pōtae Hauora <no-reply@assent.test>',
    secure: false,
  });
  const sender = startMailSender({
    db,
    clock,
    seal: mailSeal,
    deliver: transport.deliver,
    onFailed: () => {},
    onError: (error) => {
      throw error;
    },
  });
  try {
    const [subject, text] = ['He karere mā Wiremu Pōtae', 'Tēnā koe, Wiremu Pōtae o Ōtautahi.\n'];
    await mail.send({ kind: 'test', accountId: 'wiremu', to: 'wiremu@example.test', subject, text });
    await sender.poll();
    const raw = smtp.delivered[0]?.raw ?? '';
    expect(headerOf(raw, 'Subject')).toBe(subject);
    expect(headerOf(raw, 'From')).toContain('Pōtae Hauora');
    expect(raw).toMatch(/^Content-Type: text\/plain; charset=utf-8/im);
    const body = raw.slice(raw.indexOf('\r\n\r\n') + 4);
    const coding = headerOf(raw, 'Content-Transfer-Encoding').toLowerCase();
    const decoded =
      coding === 'base64'
        ? Buffer.from(body, 'base64').toString('utf8')
        : headerOf(`Body: =?UTF-8?Q?${body.replaceAll('=\r\n', '').trim().replaceAll(' ', '_')}?=`, 'Body');
    expect(decoded.trim()).toBe(text.trim());
  } finally {
    await sender.close();
    transport.close();
    await smtp.close();
  }
});
