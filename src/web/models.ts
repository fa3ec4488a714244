/** A client as people meet it: the name it registered and the organisation behind it, `''` where there is none. */
export interface ClientModel {
  readonly name: string;
  readonly organization: string;
}

/** A way out of a page; `uri` comes from a registration, so it is http or https. */
export interface WayOn {
  readonly name: string;
  readonly uri: string;
}

/** What a form of ours needs: where it is sent, and the token that proves the page was ours. */
export interface FormModel {
  readonly action: string;
  readonly csrf: string;
}

/** What `error.njk` shows. */
export interface ErrorModel {
  /**
   * `badRequest`: an application sent the person here wrongly. `expired`: the link or sign-in is no longer good.
   * `forbidden`: a form that did not come from our page, or from what it was some time ago. `tooLarge`: a body above the limit. `tooMany`: more requests
   * than the limit. `unavailable`: a part of the service does not answer. `interrupted`: what was kept of a sign-in in
   * progress cannot be reached.
   */
  readonly kind:
    | 'unexpected'
    | 'notFound'
    | 'expired'
    | 'badRequest'
    | 'unavailable'
    | 'interrupted'
    | 'forbidden'
    | 'tooLarge'
    | 'tooMany';
  /** The number under which the log keeps the details. */
  readonly incident: string;
  /** The OAuth error code (RFC 6749 section 4.1.2.1), for developers. */
  readonly code?: string | undefined;
  /** The OAuth error description, English, for developers. */
  readonly description?: string | undefined;
  readonly wayOn?: WayOn | null | undefined;
  /** Path of the page that was answered, where it is still open as it is now; `''` where it is not. */
  readonly again?: string | undefined;
  /** `account`: the person was at our own account pages, which are the way on. */
  readonly place?: 'account' | '' | undefined;
}

/** An error page's model with what the caller leaves out filled in: no technical details, no way on. */
export function errorModel({
  kind,
  incident,
  code,
  description,
  wayOn,
  again,
  place,
}: ErrorModel): ErrorModel {
  return {
    kind,
    incident,
    code: code ?? '',
    description: description ?? '',
    wayOn: wayOn ?? null,
    again: again ?? '',
    place: place ?? '',
  };
}
