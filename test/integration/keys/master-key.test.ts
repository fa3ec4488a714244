import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config/index.ts';
import { readMasterKey } from '../../../src/keys/index.ts';
import { startScript } from '../../support/child.ts';
import { createWorld } from '../command-line/world.ts';

const home = mkdtempSync(join(tmpdir(), 'assent-master-key-'));
afterAll(() => rmSync(home, { recursive: true }));

let folders = 0;
const freshConfig = () => {
  folders += 1;
  return readConfig({ DATA_DIR: join(home, `data-${folders}`) });
};

describe('the master key of a data folder', () => {
  test('is made at first, readable by its owner alone, and kept', () => {
    const config = freshConfig();
    const key = readMasterKey(config);
    expect(key).toHaveLength(32);
    expect(readMasterKey(config)).toEqual(key);
    expect(readMasterKey(freshConfig())).not.toEqual(key);
    const file = join(config.dataDir, 'master.key');
    expect(readFileSync(file, 'utf8').trim()).toBe(key.toString('base64'));
    // Windows knows no such modes.
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o077).toBe(0);
  });

  test.each(['', 'c2hvcnQ=', 'kereru sings at dawn'])(
    'is refused when the file holds something else: "%s"',
    (content) => {
      const config = freshConfig();
      readMasterKey(config);
      writeFileSync(join(config.dataDir, 'master.key'), content);
      expect(() => readMasterKey(config)).toThrow(/master\.key does not hold 32 bytes in base64/);
    },
  );
});

test('a server with another master key than that of its database says so and does not start', async () => {
  const world = await createWorld();
  const env = {
    ...world.env,
    ASSENT_MASTER_KEY: Buffer.alloc(32, 8).toString('base64'),
  };
  const { code, stdout, stderr } = await startScript('src/main.ts', [], env).finished;
  expect(stderr).toBe(
    'A stored secret cannot be decrypted: ASSENT_MASTER_KEY is not the one it was encrypted with\n',
  );
  expect(stdout).not.toContain('is ready');
  expect(code).toBe(1);
  await world.dispose();
});
