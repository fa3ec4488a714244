/** What oidc-provider asks us to keep, as a store sees it: identifiers are hashed already, secrets taken out. */
export interface Artefact {
  readonly payload: Readonly<Record<string, unknown>>;
  readonly grantId: string | undefined;
  readonly uid: string | undefined;
  readonly userCode: string | undefined;
  readonly accountId: string | undefined;
  readonly clientId: string | undefined;
  /** Id of the refresh token that this one replaces. */
  readonly predecessor?: string | undefined;
  /** The decision from which this grant is made. */
  readonly grantedBy?: GrantedBy | undefined;
  /** Undefined: lives until it is destroyed. */
  readonly expiresAt: Date | undefined;
}

/** What a grant is made from, which has to hold when it is kept. */
export interface GrantedBy {
  readonly consentId: string;
  /** Of the account, when the request found out who somebody is (`accounts/account.ts`). */
  readonly proofVersion: number;
}

export interface StoredArtefact {
  readonly payload: Readonly<Record<string, unknown>>;
  /** When it was used, if it was; such a thing is never usable again. */
  readonly consumedAt: Date | undefined;
}

/**
 * A store for artefacts of oidc-provider. The same contract tests run against every implementation.
 *
 * An expired artefact is absent to every `find`, even before it is cleaned away.
 */
export interface ArtefactStore {
  /** Creates or replaces; never makes a consumed artefact unused again. */
  put(model: string, id: string, artefact: Artefact): Promise<void>;
  /** Puts an artefact in the place of the one with its id. @returns false when that is gone: then nothing is done */
  putAgain(model: string, id: string, artefact: Artefact): Promise<boolean>;
  /**
   * Puts an artefact, perhaps under another id, in the place of the one with its uid, merged by the rules of `session.ts`.
   *
   * @param found what the caller had found there; by default nothing of what it saves
   * @returns false when that is gone: then nothing is done
   */
  replace(model: string, id: string, artefact: Artefact, found?: Artefact['payload']): Promise<boolean>;
  /**
   * Lets what has this id live until then, and changes nothing else of it, whatever others save meanwhile.
   *
   * @returns false when it is gone, has another id by now, was saved at this moment, or lives as long anyway: then nothing is done
   */
  prolong(model: string, id: string, expiresAt: Date): Promise<boolean>;
  find(model: string, id: string): Promise<StoredArtefact | undefined>;
  /** Several at once. @returns in the order in which they were asked for */
  findSome(
    places: readonly { readonly model: string; readonly id: string }[],
  ): Promise<readonly (StoredArtefact | undefined)[]>;
  findByUid(model: string, uid: string): Promise<StoredArtefact | undefined>;
  findByUserCode(model: string, userCode: string): Promise<StoredArtefact | undefined>;
  /** Marks as used. Of any number of callers exactly one gets true; false also when there is nothing to use. */
  consume(model: string, id: string): Promise<boolean>;
  /** Of any number of callers exactly one gets true; false also when there is nothing to destroy. */
  destroy(model: string, id: string): Promise<boolean>;
  /** Destroys what has this uid, under whichever id. @returns the payload as it was at the last; undefined: there was none */
  destroyByUid(model: string, uid: string): Promise<Artefact['payload'] | undefined>;
  /** Destroys everything that came from a grant, of whatever model, at once. */
  revokeByGrantId(grantId: string): Promise<void>;
}

/** What one request has looked up, by model and id. */
export type Looked = Map<
  string,
  { readonly at: number; readonly all: Promise<readonly (StoredArtefact | undefined)[]> }
>;
