import type { Logger } from 'pino';
import { z } from 'zod';
import type { TokenContext } from './access.ts';
import { FhirRefusal } from './outcome.ts';
import type { ResourceType } from './resource.ts';

/** Milliseconds for the whole of an introspection. */
const TIMEOUT = 2500;

const answer = z.discriminatedUnion('active', [
  z.object({ active: z.literal(false) }),
  z.object({
    active: z.literal(true),
    aud: z.union([z.string(), z.array(z.string())]).optional(),
    scope: z.string().optional(),
    patient: z.string().optional(),
    fhirUser: z.string().optional(),
    token_type: z.string().optional(),
    cnf: z.unknown().optional(),
  }),
]);

/** `application/x-www-form-urlencoded`, which is how RFC 6749 section 2.3.1 wants each half of the credentials. */
const encoded = (text: string) => new URLSearchParams({ text }).toString().slice('text='.length);

/** What a token is to be used for, as FHIR R4 names it. */
export interface Use {
  readonly interaction: 'read' | 'search-type' | 'create';
  readonly resource: ResourceType;
}

/**
 * Asks the authorisation server about access tokens (RFC 7662), each time anew: what was taken back must not live on in
 * a copy here. It is told what the token is to be used for, so that people can see that later (RFC 7662 section 2.1).
 *
 * @param options.audience the `aud` that a token must have to count here
 * @returns gives what an active token for this audience stands for; undefined for every other token, also for one that
 *   is bound to a key, whose proof a plain bearer token lacks (RFC 9449 section 7.1, RFC 8705 section 3)
 */
export function createIntrospection(options: {
  readonly endpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly audience: string;
  readonly log: Logger;
}): (token: string, use: Use | undefined) => Promise<TokenContext | undefined> {
  const { endpoint, clientId, clientSecret, audience, log } = options;
  const credentials = Buffer.from(`${encoded(clientId)}:${encoded(clientSecret)}`).toString('base64');

  async function ask(token: string, use: Use | undefined): Promise<z.infer<typeof answer>> {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { Accept: 'application/json', Authorization: `Basic ${credentials}` },
      body: new URLSearchParams({
        token,
        token_type_hint: 'access_token',
        ...(use && { fhir_interaction: use.interaction, fhir_resource: use.resource }),
      }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`introspection was answered with ${response.status}`);
    }
    // JSON.parse quotes what it cannot read, and the log is no place for that.
    const body: unknown = await response.json().catch(() => undefined);
    const told = answer.safeParse(body);
    if (!told.success) throw new Error('introspection was answered with something else than RFC 7662 says');
    return told.data;
  }

  return async (token, use) => {
    const told = await ask(token, use).catch((error: unknown) => {
      log.warn({ err: error }, 'a token could not be introspected');
      throw new FhirRefusal(503, 'transient', 'access tokens cannot be checked at the moment', {
        'Retry-After': '1',
      });
    });
    if (!told.active || told.cnf !== undefined) return undefined;
    if (told.token_type !== undefined && told.token_type.toLowerCase() !== 'bearer') return undefined;
    return [told.aud].flat().includes(audience) ? told : undefined;
  };
}
