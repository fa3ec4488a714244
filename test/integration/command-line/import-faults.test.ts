import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faulty, wardBoard } from '../../unit/clients/registrations.ts';
import { createWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.dispose());

function importing(text: string) {
  const file = join(world.dataDir, 'clients.json');
  writeFileSync(file, text);
  return world.run('client', 'import', file);
}

/** Everything that an import could have written. */
const content = () =>
  world.look(async (sql) => [
    await sql('SELECT client_id, updated_at FROM clients ORDER BY client_id'),
    await sql('SELECT client_id, hash FROM client_secrets ORDER BY client_id'),
    await sql(`SELECT id FROM audit_events WHERE type LIKE 'client.%' ORDER BY id`),
  ]);

describe('a file that cannot be imported', () => {
  test('is refused with every fault of every client, and nothing of it is stored', async () => {
    const before = await content();
    const changed = faulty.map(([, change], index) => ({
      ...wardBoard,
      client_id: `board-${index}`,
      ...change,
    }));
    // The number is one that JSON can write and nobody can hold.
    const text = JSON.stringify([
      ...changed,
      { ...wardBoard, client_id_issued_at: 0 },
      wardBoard,
      wardBoard,
      42,
    ]).replace('"client_id_issued_at":0', '"client_id_issued_at":1e400');
    const { code, stdout, stderr } = await importing(text);
    expect([code, stdout]).toEqual([1, '']);
    const lines = stderr.split('\n');
    expect(lines[0]).toBe('Nothing was imported:');
    const missing = faulty.filter(
      ([, , fault], index) => !lines.some((line) => line.startsWith(`  - [${index}]: `) && fault.test(line)),
    );
    expect(missing.map(([what]) => what)).toEqual([]);
    expect(stderr).toMatch(new RegExp(`^ {2}- \\[${faulty.length}\\]: client_id_issued_at `, 'm'));
    expect(stderr).toMatch(new RegExp(`^ {2}- \\[${faulty.length + 3}\\]: `, 'm'));
    expect(stderr).toMatch(/^ {2}- client_id ward-board stands there twice$/m);
    expect(await content()).toEqual(before);
  });

  test.each([
    ['empty', ''],
    ['a page', '<html></html>'],
  ])('is refused when it is no JSON: %s', async (_, text) => {
    const { code, stdout, stderr } = await importing(text);
    expect(stderr).toMatch(/^The file cannot be imported:\n {2}- it is not JSON \(.*\)\n$/);
    expect([code, stdout]).toEqual([1, '']);
  });

  test('is refused when it is not there', async () => {
    const missing = join(world.dataDir, 'nowhere.json');
    const { code, stderr } = await world.run('client', 'import', missing);
    expect(stderr).toBe(`Nothing was imported:\n  - the file ${missing} cannot be read\n`);
    expect(code).toBe(1);
  });
});
