#!/usr/bin/env node
import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { importCatalogue } from './commands/catalogue.ts';
import { importClients, listClients } from './commands/client.ts';
import { examine } from './commands/doctor.ts';
import { listKeys, rotateKeys } from './commands/key.ts';
import { applyMigrations, planMigrations, seedDemoWorld, showMigrations } from './commands/migrate.ts';
import { obtainToken, type TokenOptions } from './commands/token.ts';
import { AssentError } from './errors.ts';

const assent = new Command('assent').description(packageJson.description).version(packageJson.version);

const migrate = assent.command('migrate').description('the database schema');
migrate.command('status').description('which migrations the database has and lacks').action(showMigrations);
migrate.command('plan').description('the SQL that "migrate up" would run').action(planMigrations);
migrate.command('up').description('apply what is pending').action(applyMigrations);

const seed = assent.command('seed').description('example data');
seed.command('demo').description('write the demo world, or put it back as it was').action(seedDemoWorld);

const client = assent.command('client').description('registered clients');
client
  .command('import <file>')
  .description('create or update clients from RFC 7591 metadata: one object, an array, or a map of objects')
  .action(importClients);
client.command('list').description('every client with what it may have').action(listClients);

const catalogue = assent.command('catalogue').description('organisations and APIs');
catalogue
  .command('import <file>')
  .description('create or update organisations and APIs: {"organizations": [...], "apis": [...]}')
  .action(importCatalogue);

const key = assent.command('key').description('signing keys');
key.command('list').description('the signing keys and their states').action(listKeys);
key.command('rotate').description('next becomes active, active becomes retiring').action(rotateKeys);

assent.command('doctor').description('look at everything a server needs').action(examine);

assent
  .command('token')
  .description('obtain a token over HTTP by client credentials')
  .option('--client <client_id>', 'the client', 'clinic-jwt')
  .option('--key <file>', 'private JWK for private_key_jwt (default: that of the demo client)')
  .option('--secret <secret>', 'secret for client_secret_basic (default: that of the demo client)')
  .option('--scope <scopes>', 'scopes, separated by spaces', 'system/Flag.read')
  .option('--resource <uri>', 'the API, where the client has several')
  .option('--issuer <url>', 'the server (default: ISSUER of the configuration)')
  .option('--raw', 'print the access token alone')
  .action((options: TokenOptions) => obtainToken(options));

try {
  await assent.parseAsync();
} catch (error) {
  process.stderr.write(
    `${error instanceof AssentError ? error.message : `Something went wrong: ${(error as Error).message}`}\n`,
  );
  process.exitCode = 1;
}
