import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { AssentError } from '../errors.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts text under the master key (AES-256-GCM, NIST SP 800-38D).
 *
 * @param label what the text belongs to; decrypting under another label fails, so rows cannot be swapped
 * @returns base64 of nonce, tag and ciphertext
 */
export function encrypt(masterKey: Buffer, label: string, text: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', masterKey, iv).setAAD(Buffer.from(label));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
}

/** Undoes `encrypt`. @throws AssentError `wrong_master_key` when key or label is another one, or the text was changed */
export function decrypt(masterKey: Buffer, label: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', masterKey, bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(Buffer.from(label))
      .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch (cause) {
    throw new AssentError(
      'wrong_master_key',
      'A stored secret cannot be decrypted: ASSENT_MASTER_KEY is not the one it was encrypted with',
      {
        cause,
      },
    );
  }
}

/** Derives a text secret for one purpose from the master key (HKDF, RFC 5869). */
export function derive(masterKey: Buffer, purpose: string): string {
  return Buffer.from(hkdfSync('sha256', masterKey, '', purpose, 32)).toString('base64url');
}
