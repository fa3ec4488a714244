import { migrate } from '../../../../src/db/index.ts';

// Migrates the database of the URL, and is killed while it does.
await migrate({ url: process.argv[2] ?? '' });
process.stdout.write('migrated\n');
