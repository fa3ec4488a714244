import { randomBytes } from 'node:crypto';

/** Base32 without the letters that look like digits (Crockford): 0 to 9, then letters but I, L, O and U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Makes a random code to be typed off paper, five bits a character. @param groups characters of each group */
export function randomCode(groups: readonly number[]): string {
  return groups
    .map((length) => [...randomBytes(length)].map((byte) => ALPHABET[byte % 32]).join(''))
    .join('-');
}

/** A code as it was typed, without gaps and with the digits that were meant. */
export function plainCode(typed: string): string {
  return typed
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[\s\p{Pd}]/gu, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
}
