import type { Account } from '../accounts/index.ts';
import { chooseRecord, mayStillOpen, type RecordChoice } from '../authorisation/index.ts';
import type { Api } from '../catalogue/index.ts';
import type { Consent } from '../consents/index.ts';

/**
 * Finds out whose record somebody opens, wherever OAuth has to know: at sign-in and consent, when a code or refresh token is
 * exchanged, when a token is asked about.
 *
 * The answers are promises although nothing is looked up yet: relationships between people will be, inside the transaction
 * of the request that asks (docs/architecture.md, "What comes").
 */
export interface Records {
  /** Whose record a request opens. */
  choose(request: {
    account: Account;
    api: Api | undefined;
    scopes: readonly string[];
  }): Promise<RecordChoice>;
  /** Whether the person who made a decision may still open the record that it is about. */
  mayStillOpen(account: Account, consent: Consent): Promise<boolean>;
}

/** Connects the decision about records to OAuth's requests. */
export function createRecords(): Records {
  return {
    choose: async ({ account, api, scopes }) => chooseRecord(account, api, scopes),
    mayStillOpen: async (account, { patient }) => mayStillOpen(account, patient),
  };
}
