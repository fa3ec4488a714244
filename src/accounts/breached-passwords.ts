import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

/** Characters of a SHA-1 in hexadecimal, with which a line begins. */
const HASH = 40;

/** Bytes in which at least one whole line begins: a hash, a colon, a number, an end of line. */
const BLOCK = 160;

/** The first whole line at or after a place in the file, and where it begins; undefined behind the last one. */
async function lineAfter(file: FileHandle, at: number): Promise<{ hash: string; start: number } | undefined> {
  // One byte earlier: a line that begins just here follows an end of line.
  const from = Math.max(0, at - 1);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(BLOCK), 0, BLOCK, from);
  const text = buffer.toString('latin1', 0, bytesRead);
  const start = at === 0 ? 0 : text.indexOf('\n') + 1;
  if (at !== 0 && start === 0) return undefined;
  const hash = text.slice(start, start + HASH).toUpperCase();
  return hash.length === HASH ? { hash, start: from + start } : undefined;
}

/**
 * Whether a password is in a list of breached ones: SHA-1 in hexadecimal, one a line, sorted, each perhaps with a colon and a
 * count, as Have I Been Pwned publishes them ("ordered by hash"). About 35 reads in the full list of 40 GB.
 *
 * SHA-1 protects nothing here: it is how the list is written.
 */
export async function isBreached(path: string, password: string): Promise<boolean> {
  const sought = createHash('sha1').update(password).digest('hex').toUpperCase();
  const file = await open(path, 'r');
  try {
    let low = 0;
    let high = (await file.stat()).size;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const line = await lineAfter(file, middle);
      if (line?.hash === sought) return true;
      if (line === undefined || line.hash > sought) high = middle;
      else low = line.start + 1;
    }
    return false;
  } finally {
    await file.close();
  }
}
