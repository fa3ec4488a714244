import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A key and a certificate for it that nobody else has signed, both as PEM. */
export interface SelfSigned {
  readonly key: string;
  readonly cert: string;
}

/** One value in DER (ITU-T X.690): tag, length, content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly Buffer[]) => der(0x30, ...parts);
const hex = (text: string) => Buffer.from(text, 'hex');

/** Object identifiers: ecdsa-with-SHA256, commonName, subjectAltName. */
const [ecdsaSha256, commonName, subjectAltName] = ['2a8648ce3d040302', '550403', '551d11'].map((oid) =>
  der(0x06, hex(oid)),
) as [Buffer, Buffer, Buffer];

/** GeneralizedTime, YYYYMMDDHHMMSSZ. */
const time = (at: Date) => der(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]|\.\d+/g, '')}`));

/**
 * Makes a self-signed certificate (RFC 5280 section 4.1), because Node can read certificates, but make none.
 *
 * @param address IPv4 address that it is for
 * @param days how long it is good from now on; below nothing it has run out
 */
export function selfSigned(address: string, days: number): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // A name of its own: whoever checks it looks for its issuer by name.
  const called = Buffer.from(randomBytes(8).toString('hex'));
  const name = sequence(der(0x31, sequence(commonName, der(0x0c, called))));
  const day = 24 * 3600 * 1000;
  const end = Date.now() + days * day;
  const names = sequence(der(0x87, Buffer.from(address.split('.').map(Number))));
  const algorithm = sequence(ecdsaSha256);
  const body = sequence(
    der(0xa0, der(0x02, hex('02'))),
    der(0x02, Buffer.concat([hex('01'), randomBytes(8)])),
    algorithm,
    name,
    sequence(time(new Date(end - 400 * day)), time(new Date(end))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(sequence(subjectAltName, der(0x04, names)))),
  );
  const signature = der(0x03, hex('00'), sign('sha256', body, privateKey));
  const lines = sequence(body, algorithm, signature).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}
