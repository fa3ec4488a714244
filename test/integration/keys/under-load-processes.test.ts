import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finished } from '../../support/child.ts';
import { onServer } from '../../support/database.ts';
import { type NodeProcesses, startProcesses } from './nodes.ts';
import { rotateTwice, type Told } from './story.ts';
import { describeTold } from './told.ts';

const VERIFICATIONS = 100_000;
const LONG = 300_000;

if (!onServer)
  console.warn(
    'Two processes that rotate under load are not tested: the embedded database has one process; set DATABASE_URL',
  );

describe.skipIf(!onServer)('F-09 two processes', () => {
  let nodes: NodeProcesses | undefined;
  let told: Told;
  let listed: Finished;
  let ended: readonly Finished[];
  let secrets: readonly string[];

  beforeAll(async () => {
    nodes = await startProcesses(2);
    const begin = performance.now();
    const { keys } = nodes.server.services;
    const old = await keys.privateJwks();
    told = await rotateTwice(nodes, { step: 25, verifications: VERIFICATIONS });
    listed = await nodes.assent('key', 'list');
    secrets = [...old, ...(await keys.privateJwks())].map(({ d }) => String(d));
    ended = await nodes.stop();
    console.log(
      `${told.checks.count()} verifications of ${told.obtained.length} tokens over two rotations, two processes; ` +
        `${Math.round(performance.now() - begin)} ms in the whole`,
    );
  }, LONG);
  afterAll(() => nodes?.close(), LONG);

  describeTold(`two rotations during ${VERIFICATIONS} verifications`, VERIFICATIONS, () => told);

  test('both changed over three times without a restart, and ended well', () => {
    const { signers } = told;
    const pids = nodes?.children.map(({ pid }) => pid) ?? [];
    expect(new Set(pids).size).toBe(2);
    for (const [index, { code, stdout, stderr }] of ended.entries()) {
      const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
      const said = lines.map((line) => JSON.parse(line) as { msg: string; pid: number; keys?: string[] });
      const changes = said.filter(({ msg }) => msg === 'the signing keys have changed');
      expect(changes.map(({ keys }) => keys?.[0])).toEqual([signers[1], signers[2], signers[2]]);
      expect(new Set(said.map(({ pid }) => pid))).toEqual(new Set([pids[index]]));
      expect(said.filter(({ msg }) => msg === 'ready')).toHaveLength(1);
      expect([code, stderr]).toEqual([0, '']);
    }
  });

  test('neither printed a secret of a key', () => {
    expect(new Set(secrets).size).toBeGreaterThan(4);
    for (const { stdout } of ended) for (const secret of secrets) expect(stdout).not.toContain(secret);
  });

  test('the operator sees the states', () => {
    const { signers } = told;
    const rows = listed.stdout.split('\n').map((line) => line.split(/ +/).slice(0, 3));
    const states = rows.filter(([, alg]) => alg === 'ES256').map(([kid, , state]) => [state, kid]);
    expect(states).toHaveLength(3);
    expect(states).toContainEqual(['active', signers[2]]);
    expect(states).toContainEqual(['retiring', signers[1]]);
    expect(states.map(([state]) => state).toSorted()).toEqual(['active', 'next', 'retiring']);
  });
});
