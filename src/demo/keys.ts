import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

/** The file that holds the private key of a demo client. */
export function demoKeyFile(dataDir: string, clientId: string): string {
  return join(dataDir, 'demo-keys', `${clientId}.json`);
}

/** Reads the key pair of a demo client, making it at the first time, and gives its public half. */
export async function publicDemoKey(dataDir: string, clientId: string, alg: string): Promise<JWK> {
  const file = demoKeyFile(dataDir, clientId);
  mkdirSync(join(dataDir, 'demo-keys'), { recursive: true, mode: 0o700 });
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const made = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(made);
  try {
    // Exclusive creation: of two first starters both use the same key.
    writeFileSync(file, `${JSON.stringify({ ...made, kid, alg, use: 'sig' }, null, 2)}\n`, {
      flag: 'wx',
      mode: 0o600,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const { d: _d, ...publicHalf } = JSON.parse(readFileSync(file, 'utf8')) as JWK;
  return publicHalf;
}
