import type { Notice } from './notices.ts';

/** What every page below `/account` shows. Its forms send `csrf`. */
export interface AccountPageModel {
  readonly csrf: string;
  /** Who is signed in. */
  readonly person: { readonly name: string };
  /** What has just been done, `''` for nothing. */
  readonly notice: Notice | '';
}

/** What `account/overview.njk` shows: how many applications may do something, and in how many browsers she is signed in. */
export interface OverviewModel extends AccountPageModel {
  readonly applications: number;
  readonly devices: number;
}

/** What `account/data.njk` shows. The form sends `csrf`, and is answered by a file. */
export interface DataModel extends AccountPageModel {
  readonly action: string;
}

/** What `account/language.njk` shows. The form sends `csrf` and `language`, a tag. */
export interface LanguageModel extends AccountPageModel {
  readonly action: string;
  /** `name`: what those call it who speak it. */
  readonly languages: readonly { readonly tag: string; readonly name: string; readonly chosen: boolean }[];
}
