/** Elements that end a line of text; all others stand within one. */
const block =
  /^(address|article|aside|body|br|button|caption|dd|details|div|dl|dt|fieldset|figure|footer|form|h\d|head|header|hr|html|input|label|legend|li|main|nav|ol|option|p|pre|section|select|summary|table|tbody|td|textarea|th|thead|title|tr|ul)$/;

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
  nbsp: ' ',
};

const decode = (text: string) =>
  text.replaceAll(/&(#?\w+);/g, (whole, name: string) => entities[name] ?? whole);

/** Parts that nobody reads as text. */
const unread = /<(script|style|svg|template)\b[\s\S]*?<\/\1>|<!--[\s\S]*?-->|<!doctype[^>]*>/gi;

/** The lines that a page shows, each without mark-up: a paragraph, a heading, a button, a cell. */
export function linesOf(html: string): string[] {
  return html
    .replaceAll(unread, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/<\/?([a-z][a-z0-9]*)\b[^>]*>/gi, (_tag, name: string) =>
      block.test(name.toLowerCase()) ? '\n' : '',
    )
    .split('\n')
    .map((line) => decode(line).replaceAll(/\s+/g, ' ').trim())
    .filter((line) => line !== '');
}

/** What a page says in attributes: names that only assistive technology reads, and the words of buttons and fields. */
export function spokenAttributes(html: string): string[] {
  const named = /\s(aria-label|aria-description|aria-roledescription|alt|title|placeholder|label)="([^"]*)"/g;
  return [...html.replaceAll(unread, ' ').matchAll(named)].map(([, , text = '']) => decode(text));
}
