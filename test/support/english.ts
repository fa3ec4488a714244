import { pino } from 'pino';
import { createPages } from '../../src/web/pages.ts';

/** What pages are made with, as on a server in London. */
export const pages = createPages({
  issuer: 'http://localhost',
  formKey: 'a key for the forms of tests',
  timeZone: 'Europe/London',
  log: pino({ level: 'silent' }),
});

/** Every page and sentence in English. */
export const english = pages.renderers.in('en');
