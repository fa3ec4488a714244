import type { Context } from 'koa';
import type { Sessions } from '../../oidc/index.ts';
import type { AccountFront } from './account-routes.ts';
import type { DeviceModel, DevicesModel } from './devices-models.ts';
import type { AccountPageModel } from './models.ts';

/** What the page about browsers needs. */
export interface DevicesOptions {
  readonly sessions: Pick<Sessions, 'list' | 'signOut' | 'signOutEverywhere'>;
  readonly sourceOf: (ctx: Context) => string;
}

const ADDRESS = '/account/devices';

/** How somebody signed in, as pages tell (RFC 8176): the strongest of what she did. */
export function proofOf(amr: readonly string[]): DeviceModel['kind'] {
  if (amr.includes('hwk') || amr.includes('swk')) return 'passkey';
  if (amr.includes('otp')) return 'code';
  return amr.includes('pwd') ? 'password' : 'elsewhere';
}

/** The page on which a person sees in which browsers she is signed in, and signs out there. */
export function addDevices(front: AccountFront, { sessions, sourceOf }: DevicesOptions): void {
  front.get('/devices', async (visit) => {
    const { account, uid: here } = visit.person;
    const devices = (await sessions.list(account.id)).map(
      ({ uid, agent, amr, signedInAt }): DeviceModel => ({
        uid,
        agent,
        signedInAt,
        here: uid === here,
        kind: proofOf(amr),
      }),
    );
    const present = devices.filter((device) => device.here);
    const model: Omit<DevicesModel, keyof AccountPageModel> = {
      action: ADDRESS,
      devices: [...present, ...devices.filter((device) => !device.here)],
    };
    front.show(visit, 'account/devices.njk', model);
  });

  front.post('/devices', async (visit, form) => {
    const { account, uid: here } = visit.person;
    const source = sourceOf(visit.ctx);
    const uid = form.one('session');
    if (form.one('decision') === 'everywhere') {
      await sessions.signOutEverywhere(account.id, { except: here, source });
      return front.done(visit, ADDRESS, 'signed-out-everywhere');
    }
    if (uid === here) return front.done(visit, '/session/end');
    // One that is over already, or never was hers, is not in the list that she sees next.
    const done = await sessions.signOut(account.id, uid, source);
    front.done(visit, ADDRESS, done ? 'signed-out-there' : undefined);
  });
}
