export { emailAddress, readEmail } from './address.ts';
export { createLetters, type LetterKind } from './letters.ts';
export { createMail, type Mail, type WaitingMail } from './mail.ts';
export { type FailedTry, type MailSender, startMailSender } from './sender.ts';
export { createMailTransport } from './transport.ts';
