import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Config } from '../config/index.ts';
import { Refused } from '../errors.ts';
import { createOnce } from './create-once.ts';

/**
 * The master key of the configuration; outside production, when none is given, the one in
 * `DATA_DIR/master.key`, which the first start makes (readable by its owner alone).
 */
export function readMasterKey(config: Config): Buffer {
  if (config.masterKey !== undefined) return config.masterKey;
  const file = join(config.dataDir, 'master.key');
  const text = createOnce(file, `${randomBytes(32).toString('base64')}\n`);
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== 32)
    throw new Refused('The master key cannot be used:', [`${file} does not hold 32 bytes in base64`]);
  return key;
}
