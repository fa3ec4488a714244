import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** What an authenticator is asked to do otherwise than it should. */
export interface PasskeyFault {
  /** The page that asks, as the browser would tell. */
  readonly origin?: string;
  readonly rpId?: string;
  /** Whether the owner unlocked it; true unless said otherwise. */
  readonly verified?: boolean;
  readonly type?: 'webauthn.create' | 'webauthn.get';
  /** Signs with a key of its own, not with the passkey's. */
  readonly forged?: boolean;
  /** Answers from within a frame on another site. */
  readonly crossOrigin?: boolean;
  /** Answers another challenge. */
  readonly challenge?: string;
  /** How often it says it was used. */
  readonly uses?: number;
  /** Says of somebody else that it is hers, or of nobody; base64url. */
  readonly user?: string | undefined;
}

/** A passkey on a device, for tests over HTTP. What it answers goes into a form field, as `JSON.stringify` writes it. */
export interface SoftwarePasskey {
  /** base64url */
  readonly id: string;
  /** Answers `navigator.credentials.create` (Web Authentication Level 3 section 5.1.3). Keeps whose it is. */
  create(options: CreationOptions, fault?: PasskeyFault): object;
  /** Answers `navigator.credentials.get` (section 5.1.4). */
  get(options: RequestOptions, fault?: PasskeyFault): object;
}

/** What is used here of PublicKeyCredentialCreationOptionsJSON and PublicKeyCredentialRequestOptionsJSON. */
interface CreationOptions {
  readonly challenge: string;
  readonly user: { readonly id: string };
}
interface RequestOptions {
  readonly challenge: string;
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest();
const base64url = (data: string | Buffer) => Buffer.from(data).toString('base64url');
const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Flags of authenticator data (section 6.1). */
const flag = { present: 0x01, verified: 0x04, mayBeSynced: 0x08, synced: 0x10, hasKey: 0x40 } as const;

/** Text or bytes as CBOR writes them (RFC 8949 section 3.1), up to 65535 bytes. */
function cbor(kind: 'text' | 'bytes', content: Buffer): Buffer {
  const major = kind === 'text' ? 0x60 : 0x40;
  const { length } = content;
  if (length < 24) return Buffer.concat([Buffer.from([major | length]), content]);
  const head = length < 256 ? [major | 24, length] : [major | 25, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), content]);
}

/** A public key as COSE writes it (RFC 9053 section 7.1.1): EC2, ES256, P-256. */
function coseKey({ x = '', y = '' }: { x?: string | undefined; y?: string | undefined }): Buffer {
  return Buffer.concat([
    Buffer.from('a5010203262001215820', 'hex'),
    Buffer.from(x, 'base64url'),
    Buffer.from('225820', 'hex'),
    Buffer.from(y, 'base64url'),
  ]);
}

/**
 * Makes a passkey that signs with ES256 and attests nothing.
 *
 * @param issuer of the Assent that is tested: its origin, and its host is the relying party
 * @param synced whether it is kept on several devices
 */
export function createPasskey({
  issuer,
  synced = false,
}: {
  issuer: string;
  synced?: boolean;
}): SoftwarePasskey {
  const { origin: ownOrigin, hostname } = new URL(issuer);
  const keys = newKeys();
  const id = randomBytes(16);
  let user = '';
  let uses = 0;

  const clientData = (challenge: string, type: string, fault: PasskeyFault) => {
    const { origin = ownOrigin, crossOrigin = false } = fault;
    const answered = { type: fault.type ?? type, challenge: fault.challenge ?? challenge };
    return Buffer.from(JSON.stringify({ ...answered, origin, crossOrigin }));
  };

  function authenticatorData(attested: Buffer, fault: PasskeyFault): Buffer {
    const { rpId = hostname, verified = true } = fault;
    const flags =
      flag.present |
      (verified ? flag.verified : 0) |
      (synced ? flag.mayBeSynced | flag.synced : 0) |
      (attested.length > 0 ? flag.hasKey : 0);
    // Passkeys that are synced do not count (section 6.1.1).
    if (!synced) uses += 1;
    const head = Buffer.alloc(5);
    head.writeUInt8(flags, 0);
    head.writeUInt32BE(fault.uses ?? uses, 1);
    return Buffer.concat([sha256(rpId), head, attested]);
  }

  const credential = (response: object) => ({
    id: base64url(id),
    rawId: base64url(id),
    type: 'public-key',
    authenticatorAttachment: 'platform',
    clientExtensionResults: {},
    response,
  });

  return {
    id: base64url(id),
    create(options, fault = {}) {
      user = options.user.id;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(id.length);
      const key = coseKey(keys.publicKey.export({ format: 'jwk' }));
      const attested = Buffer.concat([Buffer.alloc(16), length, id, key]);
      const attestation = Buffer.concat([
        Buffer.from([0xa3]),
        cbor('text', Buffer.from('fmt')),
        cbor('text', Buffer.from('none')),
        cbor('text', Buffer.from('attStmt')),
        Buffer.from([0xa0]),
        cbor('text', Buffer.from('authData')),
        cbor('bytes', authenticatorData(attested, fault)),
      ]);
      return credential({
        clientDataJSON: base64url(clientData(options.challenge, 'webauthn.create', fault)),
        attestationObject: base64url(attestation),
        transports: ['internal', 'one-to-come'],
      });
    },
    get(options, fault = {}) {
      const clientDataJson = clientData(options.challenge, 'webauthn.get', fault);
      const data = authenticatorData(Buffer.alloc(0), fault);
      const { privateKey } = fault.forged ? newKeys() : keys;
      return credential({
        clientDataJSON: base64url(clientDataJson),
        authenticatorData: base64url(data),
        signature: base64url(sign('sha256', Buffer.concat([data, sha256(clientDataJson)]), privateKey)),
        userHandle: 'user' in fault ? fault.user : user,
      });
    },
  };
}
