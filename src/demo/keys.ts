import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { createOnce } from '../keys/index.ts';

/** The file that holds the private key of a demo client. */
export function demoKeyFile(dataDir: string, clientId: string): string {
  return join(dataDir, 'demo-keys', `${clientId}.json`);
}

/** Reads the key pair of a demo client, making it at the first time, and gives its public half. */
export async function publicDemoKey(dataDir: string, clientId: string, alg: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const made = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(made);
  const text = createOnce(
    demoKeyFile(dataDir, clientId),
    `${JSON.stringify({ ...made, kid, alg, use: 'sig' }, null, 2)}\n`,
  );
  const { d: _d, ...publicHalf } = JSON.parse(text) as JWK;
  return publicHalf;
}
