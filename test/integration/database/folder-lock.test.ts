import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { lockFolder } from '../../../src/db/folder-lock.ts';
import { type Child, startScript } from '../../support/child.ts';

const home = mkdtempSync(join(tmpdir(), 'assent-lock-'));
afterAll(() => rmSync(home, { recursive: true }));

let folders = 0;
const freshFolder = () => {
  folders += 1;
  return join(home, `data-${folders}`);
};

async function holder(folder: string): Promise<Child> {
  const child = startScript('test/integration/database/children/hold-folder.ts', [folder]);
  await child.said('held');
  return child;
}

const refusalBy = (pid: number) => ({
  code: 'refused',
  message: expect.stringMatching(new RegExp(`in use by another Assent process \\(${pid}\\)`)),
  faults: ['stop that process first, or', expect.stringContaining('DATABASE_URL')],
});

/** The name of the local socket that a process listens on, as any user of the machine can look it up on Linux. */
function socketOf(pid: number): string {
  const inodes = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  for (const line of readFileSync('/proc/net/unix', 'utf8').split('\n')) {
    const [, , , , , , inode, path] = line.split(/\s+/);
    if (path?.startsWith('@') && inodes.includes(`socket:[${inode}]`)) return `\0${path.slice(1)}`;
  }
  throw new Error(`process ${pid} listens on no local socket`);
}

if (process.platform !== 'linux') console.warn('Only Linux lists local sockets: hanging up is not tested');

describe('the lock of a data folder', () => {
  test('is had by one at a time, and by the next once it is given back', async () => {
    const folder = freshFolder();
    const unlock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject(refusalBy(process.pid));
    await unlock();
    await (await lockFolder(folder))();
  });

  test('goes to exactly one of ten that ask at once', async () => {
    const folder = freshFolder();
    const asked = await Promise.allSettled(Array.from({ length: 10 }, () => lockFolder(folder)));
    const [had, ...others] = asked.filter(({ status }) => status === 'fulfilled');
    expect(others).toEqual([]);
    if (had?.status === 'fulfilled') await had.value();
  });

  test('belongs to the folder, not to the way it is written', async () => {
    const folder = freshFolder();
    const unlock = await lockFolder(folder);
    const alias = freshFolder();
    symlinkSync(folder, alias);
    await expect(lockFolder(alias)).rejects.toMatchObject(refusalBy(process.pid));
    await expect(lockFolder(`${folder}/../${folder.split('/').at(-1)}/`)).rejects.toMatchObject({
      code: 'refused',
    });
    await unlock();
  });

  test('of one folder leaves another alone', async () => {
    const unlocks = [await lockFolder(freshFolder()), await lockFolder(freshFolder())];
    for (const unlock of unlocks) await unlock();
    expect(unlocks).toHaveLength(2);
  });

  test('held by another process is refused with its number and what to do; killed, it frees the folder at once', async () => {
    const folder = freshFolder();
    mkdirSync(folder);
    const owner = await holder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject(refusalBy(owner.pid));
    owner.signal('SIGKILL');
    await owner.finished;
    await (await lockFolder(folder))();
  });

  test.skipIf(process.platform !== 'linux')(
    'survives callers that hang up before they are answered',
    async () => {
      const folder = freshFolder();
      const owner = await holder(folder);
      const name = socketOf(owner.pid);
      const hangUp = () =>
        new Promise<void>((resolve) => {
          const socket = connect(name, () => socket.destroy());
          socket.on('close', () => resolve());
        });
      await Promise.all(Array.from({ length: 50 }, hangUp));
      await expect(lockFolder(folder)).rejects.toMatchObject(refusalBy(owner.pid));
      owner.tell('stop');
      expect(await owner.finished).toEqual({ code: 0, stdout: 'held\n', stderr: '' });
    },
  );
});
