import { pino } from 'pino';
import type { Locale } from '../../src/web/locales.ts';
import { createPages } from '../../src/web/pages.ts';

/** What pages are made with, as on a server in London. @param locales other languages than there are */
export const testPages = (locales?: readonly Locale[]) =>
  createPages({
    issuer: 'http://localhost',
    formKey: 'a key for the forms of tests',
    timeZone: 'Europe/London',
    log: pino({ level: 'silent' }),
    locales,
  });

export const pages = testPages();

/** Every page and sentence in English. */
export const english = pages.renderers.in('en');
