import { z } from 'zod';

/** Longest answer of an authenticator that is read, in characters: five times what the largest of them send. */
const LONGEST_RESPONSE = 12_000;

/** Longest credential id, in bytes (WebAuthn Level 3 section 7.1). */
const LONGEST_ID = 1023;

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/);
const credential = z.object({
  id: base64url.max(Math.ceil((LONGEST_ID * 4) / 3)),
  rawId: base64url,
  type: z.literal('public-key'),
  clientExtensionResults: z.object({}).optional().default({}),
});

const transport = z.enum(['ble', 'hybrid', 'internal', 'nfc', 'usb']);

const shapes = {
  create: credential.extend({
    response: z.object({
      clientDataJSON: base64url,
      attestationObject: base64url,
      // Browsers name transports that we do not know yet; only those that we may send back are kept.
      transports: z
        .array(z.string())
        .optional()
        .default([])
        .transform((all) => all.flatMap((one) => transport.safeParse(one).data ?? [])),
    }),
  }),
  get: credential.extend({
    response: z.object({
      clientDataJSON: base64url,
      authenticatorData: base64url,
      signature: base64url,
      userHandle: base64url.optional(),
    }),
  }),
};

const clientData = z.object({ challenge: base64url, crossOrigin: z.boolean().optional() });

/** What an authenticator answered when a passkey was made. */
export type NewPasskeyResponse = z.output<typeof shapes.create>;
/** What an authenticator answered when somebody signed in. */
export type PasskeyResponse = z.output<typeof shapes.get>;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function read<T>(shape: z.ZodType<T>, text: string): T | undefined {
  if (text.length > LONGEST_RESPONSE) return undefined;
  return shape.safeParse(parseJson(text)).data;
}

/** Reads what a page's script sent after a passkey was made (RegistrationResponseJSON); undefined when it is none. */
export const readNewPasskey = (text: string): NewPasskeyResponse | undefined => read(shapes.create, text);

/** Reads what a page's script sent after a passkey was used (AuthenticationResponseJSON); undefined when it is none. */
export const readPasskey = (text: string): PasskeyResponse | undefined => read(shapes.get, text);

/** The challenge that was answered; undefined where the answer came out of a frame on another site, or none can be read. */
export function answeredChallenge(response: { readonly clientDataJSON: string }): Uint8Array | undefined {
  const text = Buffer.from(response.clientDataJSON, 'base64url').toString('utf8');
  const { data } = clientData.safeParse(parseJson(text));
  if (data === undefined || data.crossOrigin === true) return undefined;
  return Buffer.from(data.challenge, 'base64url');
}
