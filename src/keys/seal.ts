import { decrypt, derive, encrypt } from './cipher.ts';

/** Encrypts what one room keeps, under a key of its own. */
export interface Seal {
  /** @param label what the text belongs to: it opens under no other, so rows cannot be swapped */
  seal(label: string, text: string): string;
  /** Undoes `seal`. @throws AssentError `wrong_master_key` when key or label is another one, or the text was changed */
  open(label: string, sealed: string): string;
}

/** Makes a seal. @param purpose what it is for: what was sealed for one purpose opens for no other */
export function createSeal(masterKey: Buffer, purpose: string): Seal {
  const key = Buffer.from(derive(masterKey, purpose), 'base64url');
  return {
    seal: (label, text) => encrypt(key, label, text),
    open: (label, sealed) => decrypt(key, label, sealed),
  };
}
