import type { AccountPageModel } from './models.ts';

/** A browser in which a person is signed in. */
export interface DeviceModel {
  readonly uid: string;
  /** Browser and system, such as `Firefox on Windows`; `''` where nothing is known. */
  readonly agent: string;
  readonly signedInAt: Date;
  /** Whether it is the one that shows the page. */
  readonly here: boolean;
  /** How she signed in; `elsewhere`: another service did it. */
  readonly kind: 'passkey' | 'code' | 'password' | 'elsewhere';
}

/**
 * What `account/devices.njk` shows. Its forms send `csrf` and either `session`, the uid of one, or the `decision`
 * `everywhere`.
 */
export interface DevicesModel extends AccountPageModel {
  readonly action: string;
  /** This browser first, the others from the latest on. */
  readonly devices: readonly DeviceModel[];
}
