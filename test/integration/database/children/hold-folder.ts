import { lockFolder } from '../../../../src/db/folder-lock.ts';

// Takes the folder, says so, and keeps it until this process is ended or told to stop.
await lockFolder(process.argv[2] ?? '');
process.stdout.write('held\n');
process.stdin.once('data', () => process.exit(0));
