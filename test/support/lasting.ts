/** A page without what is new each time that it is shown: the challenge for a passkey, and the seconds that are left. */
export const lasting = (html: string): string =>
  html
    .replaceAll(/challenge&quot;:&quot;[\w-]+/g, 'challenge')
    .replaceAll(/content="\d+; url=/g, 'content="; url=')
    .replaceAll(/data-warn-after="\d+"/g, 'data-warn-after');
