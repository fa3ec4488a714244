import type Koa from 'koa';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Database } from '../db/index.ts';
import type { Mail } from '../mail/index.ts';
import { createDemoFhir, createWrittenResources } from './fhir/index.ts';
import { createKete, type KeteOptions } from './kete/kete.ts';
import { createOutbox } from './outbox.ts';
import { demoDate } from './seed.ts';
import { demoFhirBase, demoSecret } from './world.ts';

/** The demo application and its FHIR server, to be answered beside our own pages; both know Assent by its addresses only. */
export function createDemoApps(options: {
  issuer: string;
  db: Database;
  timeZone: string;
  clock: Clock;
  render: KeteOptions['render'];
  languageOf: KeteOptions['languageOf'];
  log: Logger;
  /** Mail that nobody is sent. */
  newestMail: Mail['newest'];
}): readonly Koa.Middleware[] {
  const { issuer, db, timeZone, clock, render, languageOf, log, newestMail } = options;
  const client = (clientId: string) => ({ clientId, clientSecret: demoSecret(clientId) });
  const base = demoFhirBase(issuer);
  const today = async () => (await demoDate(db, timeZone)) ?? '';
  const introspectionEndpoint = `${issuer}/token/introspection`;
  return [
    createOutbox({ issuer, newest: newestMail, render }),
    createDemoFhir({
      ...{ base, introspectionEndpoint, today, clock, log },
      ...client('demo-fhir-server'),
      written: createWrittenResources({ db, clock }),
    }),
    createKete({ issuer, fhirBase: base, ...client('kete-web'), render, languageOf, clock, log }),
  ];
}
