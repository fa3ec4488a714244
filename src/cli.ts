#!/usr/bin/env node
import { Command, Option } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import {
  disableAccount,
  type InviteOptions,
  inviteAccount,
  listAccounts,
  makeResetLink,
  resetFactors,
  restoreAccount,
} from './commands/account.ts';
import { verifyAuditTrail } from './commands/audit.ts';
import { importCatalogue } from './commands/catalogue.ts';
import { type CheckTokenOptions, checkToken } from './commands/check-token.ts';
import { importClients, listClients } from './commands/client.ts';
import { examine } from './commands/doctor.ts';
import { listKeys, rotateKeys } from './commands/key.ts';
import { applyMigrations, planMigrations, seedDemoWorld, showMigrations } from './commands/migrate.ts';
import { endAfterRestore } from './commands/restored.ts';
import { importSources, listSources, removeSource } from './commands/source.ts';
import { obtainToken, type TokenOptions } from './commands/token.ts';
import { AssentError } from './errors.ts';
import { printable } from './text.ts';
import { profiles } from './validator/index.ts';

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

const account = assent.command('account').description('people with an account');
account
  .command('invite')
  .description('invite somebody: prints the code with which she makes her account, good for seven days')
  .requiredOption('--name <name>', 'as it is shown to her and to applications')
  .option('--email <address>', 'where the code is sent')
  .option('--patient <id>', 'logical id of her FHIR Patient')
  .option(
    '--identifier <system|value>',
    'NHS number or NHI; may be given several times',
    (text, before: string[]) => [...before, text],
    [],
  )
  .option('--birth-date <date>', 'YYYY-MM-DD, or as much of it as is known')
  .option('--identity-level <level>', 'how far it was proved who she is: none, low, medium or high')
  .option('--language <tag>', 'in which she is written to')
  .action((options: InviteOptions) => inviteAccount(options));
account
  .command('list')
  .description('everybody with an account, and whether it can be used')
  .action(listAccounts);
account
  .command('suspend <account>')
  .description('end the use of an account at once: by its id, or by what its owner signs in with')
  .action((named: string) => disableAccount(named, 'suspended'));
account
  .command('deceased <account>')
  .description('end the use of the account of somebody who has died')
  .action((named: string) => disableAccount(named, 'deceased'));
account.command('restore <account>').description('let an account be used again').action(restoreAccount);
account
  .command('reset-link <account>')
  .description('a link with which somebody chooses a new password, for whom no mail reaches')
  .action(makeResetLink);
account
  .command('reset-factors <account>')
  .description('remove passkeys, authenticator app and recovery codes of somebody who has lost them')
  .action(resetFactors);

const catalogue = assent.command('catalogue').description('organisations and APIs');
catalogue
  .command('import <file>')
  .description('create or update organisations and APIs: {"organizations": [...], "apis": [...]}')
  .action(importCatalogue);

const source = assent.command('source').description('OpenID providers at which people may sign in');
source
  .command('import <file>')
  .description('create or update identity sources: one object or a list; a preset fills in what is usual')
  .action(importSources);
source.command('list').description('every identity source').action(listSources);
source
  .command('remove <id>')
  .description('take an identity source out; the links of accounts stay')
  .action(removeSource);

const key = assent.command('key').description('signing keys');
key.command('list').description('the signing keys and their states').action(listKeys);
key.command('rotate').description('next becomes active, active becomes retiring').action(rotateKeys);

const audit = assent.command('audit').description('the audit trail');
audit
  .command('verify')
  .description('find every audit row that was changed, removed or moved')
  .option('--head <seq:hash>', 'the end of the chain as it was noted before: it must still be in it')
  .action((options: { head?: string }) => verifyAuditTrail(options));

assent
  .command('restored')
  .description(
    'after the database was restored from a backup: end everything that may have been taken back since',
  )
  .action(endAfterRestore);

assent.command('doctor').description('look at everything a server needs').action(examine);

assent
  .command('token')
  .description('obtain a token over HTTP: by client credentials, or with --user by a user context assertion')
  .option('--client <client_id>', 'the client', 'clinic-jwt')
  .option('--key <file>', 'private JWK of the client (default: that of the demo client)')
  .option('--secret <secret>', 'secret for client_secret_basic (default: that of the demo client)')
  .option('--user <user>', 'who asks: priya, rangi, or a .json file with the claims')
  .option('--role <id>', 'SDS role profile id (default: the role of the user at the client’s organisation)')
  .option('--reason <reason>', 'reason_for_request')
  .option(
    '--scope <scopes>',
    'scopes, separated by spaces (default: system/Flag.read; for a user: patient/*.read conf/N, or user/Flag.read)',
  )
  .option('--resource <uri>', 'the API, where the client has several')
  .option('--issuer <url>', 'the server (default: ISSUER of the configuration)')
  .option('--raw', 'print the access token alone')
  .action((options: TokenOptions) => obtainToken(options));

assent
  .command('check-token <file>')
  .description('check a token as a resource server would; - is standard input')
  .addOption(new Option('--profile <profile>', 'the kind of token').choices(profiles).makeOptionMandatory())
  .option('--issuer <url>', 'who must have issued it (default: ISSUER of the configuration)')
  .option('--aud <url>', 'the service root that it must be for (default: not compared)')
  .option('--interaction <id>', 'the GP Connect interaction that it must be fit for')
  .option('--registered-practice <ods>', "the patient's practice, for migration")
  .option('--jwks <source>', "the keys, a file or a URL (default: the issuer's)")
  .option('--legacy', 'read an unsigned token, which proves nothing')
  .action((file: string, options: CheckTokenOptions) => checkToken(file, options));

try {
  await assent.parseAsync();
} catch (error) {
  const message =
    error instanceof AssentError ? error.message : `Something went wrong: ${(error as Error).message}`;
  process.stderr.write(`${printable(message)}\n`);
  process.exitCode = 1;
}
