import type { Readable } from 'node:stream';
import type { Context } from 'koa';
import type { Catalogue } from '../../catalogue/index.ts';
import { type ConsentList, fhirConsent, receiptOf, receiptText, sayReceipt } from '../../consents/index.ts';
import type { Renderer } from '../render.ts';
import type { AccountFront, AccountVisit } from './account-routes.ts';

/** What copies of decisions need. */
export interface CopiesOptions {
  readonly issuer: string;
  readonly consents: ConsentList;
  readonly catalogue: Catalogue;
  /** The renderer for the language of a request. */
  readonly rendererOf: (ctx: Context) => Renderer;
}

/** Answers with a file to be kept. @param name of ASCII letters, digits and dots */
export function sendFile(ctx: Context, name: string, type: string, body: string | Readable): void {
  ctx.type = type;
  ctx.set('Content-Disposition', `attachment; filename="${name}"`);
  ctx.body = body;
}

/** A person's copies of what she decided: in words, and for other systems. Those of what has ended stay. */
export function addCopies(front: AccountFront, options: CopiesOptions): void {
  const { issuer, consents, catalogue, rendererOf } = options;
  const consentAt = ({ ctx, person }: AccountVisit) => consents.one(person.account.id, String(ctx.params.id));

  front.get('/applications/:id/receipt', async (visit) => {
    const consent = await consentAt(visit);
    if (consent === undefined) return front.missing(visit);
    const { language, translate, dates } = rendererOf(visit.ctx);
    const said = sayReceipt(receiptOf(consent), {
      locale: language,
      say: translate,
      moment: dates.moment,
      accountAddress: `${issuer}/account`,
    });
    const text = 'text/plain; charset=utf-8';
    sendFile(visit.ctx, `assent-receipt-${consent.id}.txt`, text, receiptText(said));
  });

  front.get('/applications/:id/fhir-consent', async (visit) => {
    const consent = await consentAt(visit);
    const api = (await catalogue.all()).find(({ id }) => id === consent?.apiId);
    const resource = consent && api && fhirConsent(consent, { issuer, audience: api.audience });
    if (consent === undefined || resource === undefined) return front.missing(visit);
    const json = `${JSON.stringify(resource, null, 2)}\n`;
    sendFile(visit.ctx, `assent-consent-${consent.id}.json`, 'application/fhir+json; charset=utf-8', json);
  });
}
