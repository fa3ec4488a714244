import nodemailer from 'nodemailer';
import type { MailContent } from './mail.ts';

/** Milliseconds for connecting, for the greeting, and without a word from the server. */
const TIMEOUT = 10_000;

/** Milliseconds that a try takes at most, whatever the server says how slowly. */
const LONGEST = 45_000;

/** Hands mails to a mail server. */
export interface MailTransport {
  /** @throws Error, also after 45 seconds */
  deliver(id: string, mail: MailContent): Promise<void>;
  close(): void;
}

/**
 * The way to the operator's own mail server, over SMTP.
 *
 * @param url smtp: or smtps:, with user and password where it asks for them
 * @param from the sender, an address or `Name <address>`
 * @param secure whether mail goes out encrypted or not at all; without it, encrypted where the server can (STARTTLS)
 */
export function createMailTransport(options: { url: string; from: string; secure: boolean }): MailTransport {
  const { url, from, secure } = options;
  const { protocol, hostname, port, username, password } = new URL(url);
  const isTls = protocol === 'smtps:';
  const transporter = nodemailer.createTransport({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (isTls ? 465 : 587)),
    secure: isTls,
    requireTLS: secure,
    ...(username === ''
      ? {}
      : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: TIMEOUT,
    greetingTimeout: TIMEOUT,
    dnsTimeout: TIMEOUT,
    socketTimeout: TIMEOUT,
    // A text of ours never names a file or an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = from.slice(from.lastIndexOf('@') + 1).replace(/>$/, '');

  return {
    async deliver(id, { to, subject, text }) {
      let timer: NodeJS.Timeout | undefined;
      const tooLong = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(Object.assign(new Error('the mail server is too slow'), { code: 'ETIMEDOUT' })),
          LONGEST,
        );
      });
      const message = {
        from,
        // As an object, an address is taken as it is: a comma makes no second one.
        to: { name: '', address: to },
        subject,
        text,
        // The same on every try: a reader's mail program shows what came twice once.
        messageId: `<${id}@${domain}>`,
        // Nobody's out-of-office answer is wanted (RFC 3834 section 5).
        headers: { 'Auto-Submitted': 'auto-generated' },
      };
      try {
        await Promise.race([transporter.sendMail(message), tooLong]);
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => transporter.close(),
  };
}
