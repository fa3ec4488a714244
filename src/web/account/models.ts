import type { Notice } from './notices.ts';

/** What every page below `/account` shows. Its forms send `csrf`. */
export interface AccountPageModel {
  readonly csrf: string;
  /** Who is signed in. */
  readonly person: { readonly name: string };
  /** What has just been done, `''` for nothing. */
  readonly notice: Notice | '';
}
