import { demoSecret } from './world.ts';

/** A command that a newcomer can paste, under the locale key of its title. */
export interface DemoCommand {
  readonly title: string;
  readonly command: string;
}

/** What to try on a demo server; the first one obtains a token. */
export function demoCommands(issuer: string): readonly [DemoCommand, ...DemoCommand[]] {
  const token = (secret: string) =>
    `curl -s -u clinic-backend:${secret} -d grant_type=client_credentials -d scope=system/Flag.read ${issuer}/token`;
  return [
    { title: 'landing.command.token', command: token(demoSecret('clinic-backend')) },
    {
      title: 'landing.command.keyToken',
      command: `npm run assent -- token --client clinic-jwt --issuer ${issuer}`,
    },
    {
      title: 'landing.command.userToken',
      command: `npm run assent -- token --client gp-clinic --user priya --issuer ${issuer}`,
    },
    { title: 'landing.command.refused', command: token('wrong') },
    { title: 'landing.command.discovery', command: `curl -s ${issuer}/.well-known/openid-configuration` },
  ];
}
