import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { assent } from '../../support/child.ts';

const home = mkdtempSync(join(tmpdir(), 'assent-usage-'));
const env = { DATA_DIR: join(home, 'data') };
afterAll(() => rmSync(home, { recursive: true }));

describe('a command that cannot be carried out', () => {
  test.each([
    ['unknown', ['clients'], /unknown command 'clients'/],
    ['unknown within its group', ['key', 'forge'], /unknown command 'forge'/],
    ['nothing at all', [], /Usage: assent/],
    ['without what it needs', ['client', 'import'], /missing required argument 'file'/],
    ['with an unknown option', ['token', '--password', 'x'], /unknown option '--password'/],
  ])('is refused with exit code 1, and touches nothing: %s', async (_, parameters, message) => {
    const { code, stderr } = await assent(parameters, env);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
    expect(readdirSync(home)).toEqual([]);
  });

  test('because of its settings, says all of their faults, and touches nothing', async () => {
    const { code, stdout, stderr } = await assent(['client', 'list'], {
      ...env,
      ASSENT_TYPO: '1',
      PORT: 'x',
    });
    expect(stderr).toMatch(
      /^The configuration cannot be used:\n {2}- ASSENT_TYPO .*\n {2}- PORT must be a number\n$/,
    );
    expect([code, stdout]).toEqual([1, '']);
    expect(readdirSync(home)).toEqual([]);
  });
});

test('help and version need no database', async () => {
  const [help, version] = await Promise.all([assent(['--help'], env), assent(['--version'], env)]);
  expect([help.code, version.code]).toEqual([0, 0]);
  for (const command of ['migrate', 'seed', 'client', 'key', 'doctor', 'token', 'check-token'])
    expect(help.stdout).toContain(command);
  expect(version.stdout).toBe(`${packageJson.version}\n`);
  expect(readdirSync(home)).toEqual([]);
});
