import type { AccountPageModel } from './models.ts';

/** Something that happened, in words. */
export interface ActivityLine {
  /** When; of several that say the same, the latest. */
  readonly at: Date;
  readonly text: string;
  /** How often, one after another on the same day. */
  readonly count: number;
}

/** What `account/activity.njk` shows. */
export interface ActivityModel extends AccountPageModel {
  /** By day, the latest first. */
  readonly days: readonly { readonly day: Date; readonly lines: readonly ActivityLine[] }[];
  /** Address of what was before; `''` on the last page. */
  readonly older: string;
  /** Whether it is the first page. */
  readonly latest: boolean;
}
