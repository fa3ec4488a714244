import type { AdapterPayload } from 'oidc-provider';
import type { Named } from '../browser-cookies.ts';
import type { PlacedArtefact } from './sql-store.ts';
import type { GrantedBy, Looked } from './store.ts';

/** How storage belongs to the request that asks for it. */
export interface StorageContext {
  /** Takes a token to be stored with its audit row, if the present request collects its tokens; else false. */
  collect(placed: PlacedArtefact): boolean;
  /** Whether the present request exchanges a code or refresh token for others. */
  active(): boolean;
  /** Whether the present request takes a token back. */
  revoking(): boolean;
  /** Notes that it has taken back something that was alive. */
  tookBack(): void;
  /**
   * Takes it over from the library to hold an access token to its browser session, so that the token can be asked about
   * while sessions cannot. @returns false where the library is to do it
   */
  holdsToSession(token: string): boolean;
  /** Begins the transaction of such a request. */
  begin(): Promise<void>;
  /** Bearer value of the refresh token that the present request has used up. */
  predecessor(): string | undefined;
  /** What the present request makes a grant from; undefined for one that nobody is asked about. */
  grantedBy(): GrantedBy | undefined;
  /** Whether the present request goes on after an answer of the person. */
  resuming(): boolean;
  /** Whether it begins this interaction, instead of going on with one that was there before. */
  beginsInteraction(uid: string): boolean;
  /** Whether its browser may go on with this interaction, and what was answered still counts. */
  mayGoOn(uid: string, interaction: AdapterPayload): Promise<boolean>;
  /** What the cookies of the present request name. */
  named(): readonly Named[];
  /** What it has looked up so far; undefined outside a request. */
  looked(): Looked | undefined;
  /** Notes that the present request found the session with this uid, and how it was. */
  foundSession(uid: string, session: AdapterPayload): void;
  /** The session with this uid as the present request first found it; undefined where it did not. */
  sessionFound(uid: string): AdapterPayload | undefined;
  /** uid of the present request's session. */
  presentSession(): string | undefined;
  /** Whether this is the id that the present request's session has now, not one that it had before. */
  isPresentSession(id: string): boolean;
  /**
   * Notes in which browser somebody signs in, with the session that the present request saves.
   *
   * @returns false where what she proved counts no more
   */
  signsIn(session: AdapterPayload): Promise<boolean>;
  /** Notes that a session has ended, and what applications in it are to be told. */
  endSession(uid: string, session: Readonly<Record<string, unknown>>): Promise<void>;
  /** Ends everything that came from a grant: at once, or after a request whose own changes may be rolled back. */
  endGrant(grantId: string): Promise<void>;
}
