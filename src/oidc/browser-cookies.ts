/** What the library's cookies are called. Where https is promised, one that another host or plain http could have set is not taken (RFC 6265bis). */
export function cookieNames(issuer: string): { session: string; interaction: string; resume: string } {
  const [host, prefix] = issuer.startsWith('https:') ? ['__Host-', '__Secure-'] : ['', ''];
  return {
    session: `${host}assent_session`,
    interaction: `${prefix}assent_interaction`,
    resume: `${prefix}assent_resume`,
  };
}

/** Something that a cookie names. */
export interface Named {
  readonly model: 'Session' | 'Interaction';
  /** As the browser says, signed or not: good for looking up, and for nothing else. */
  readonly id: string;
}

/** What the cookies of a request name, each once. @param header value of its Cookie header */
export function namedIn(header: string | undefined, issuer: string): Named[] {
  const names = cookieNames(issuer);
  const models = new Map<string, Named['model']>([
    [names.session, 'Session'],
    [names.interaction, 'Interaction'],
    [names.resume, 'Interaction'],
  ]);
  const named = new Map<string, Named>();
  for (const pair of (header ?? '').split(/;\s*/)) {
    const at = pair.indexOf('=');
    const [model, id] = [models.get(pair.slice(0, at)), pair.slice(at + 1)];
    if (model !== undefined && id !== '') named.set(`${model} ${id}`, { model, id });
  }
  return [...named.values()].slice(0, models.size);
}
