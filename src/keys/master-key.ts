import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { Refused } from '../errors.ts';

/**
 * The master key of the configuration; outside production, when none is given, the one in
 * `DATA_DIR/master.key`, which the first start makes (readable by its owner alone).
 */
export function readMasterKey(config: Config): Buffer {
  if (config.masterKey !== undefined) return config.masterKey;
  const file = join(config.dataDir, 'master.key');
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  try {
    // Exclusive creation: of two first starters one makes the key and both read it.
    writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64');
  if (key.length !== 32)
    throw new Refused('The master key cannot be used:', [`${file} does not hold 32 bytes in base64`]);
  return key;
}
