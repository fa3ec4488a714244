/**
 * What `account/sources.njk` shows beside what every account page does. Its form sends `csrf` and either `add`, the id of an
 * identity source, or `remove`, the issuer of one.
 */
export interface SourcesModel {
  readonly linked: readonly {
    readonly issuer: string;
    readonly name: string;
    readonly linkedAt: Date;
    readonly lastUsedAt: Date;
  }[];
  /** Where she could sign in, too. */
  readonly others: readonly { readonly id: string; readonly name: string }[];
  /** `last-way`: she could not sign in any more without it. */
  readonly problem: 'none' | 'last-way';
}
