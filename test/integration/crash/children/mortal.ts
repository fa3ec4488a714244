import { createInterface } from 'node:readline';
import { destination, pino } from 'pino';
import { createApp } from '../../../../src/app.ts';
import { readConfig } from '../../../../src/config/index.ts';
import { createDatabase } from '../../../../src/db/handle.ts';
import { openPostgres } from '../../../../src/db/postgres.ts';
import { createServices } from '../../../../src/services.ts';
import { createCounting } from './counting.ts';

// A node that ends itself before the statement whose number it is told on standard input; `end` ends it in peace.
const config = readConfig(process.env);
const url = config.databaseUrl ?? '';
const counting = createCounting(await openPostgres(url, () => {}));
const services = createServices(config, { db: createDatabase(counting.driver), target: { url } });
const app = await createApp(services, pino({ level: 'warn' }, destination(2)));
await new Promise<void>((resolve) => app.server.listen(Number(process.env.LISTEN), resolve));

createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (line === 'end') process.stdout.write(JSON.stringify(counting.passed()), () => process.exit(0));
    else {
      counting.arm(Number(line));
      process.stdout.write('armed\n');
    }
  })
  // Nobody is left to ask.
  .on('close', () => process.exit(0));
process.stdout.write('listening\n');
