import { drawLevels } from './drawing.ts';
import type { Room } from './rooms.ts';
import { rowsOf } from './tables.ts';

const BEGIN = '<!-- The house: by scripts/architecture-doc.ts, but for the sentences. -->';
const END = '<!-- End of the house. -->';

/** Single files change places; the level that they are on keeps their sentence. */
const keyOf = (level: string, room: string): string => (room.includes('.ts') ? level : room);

const plain = (cell = ''): string => cell.replaceAll('`', '');

/** The part of the page that is written by the script. @throws if its marks are not there, once each */
function partsOf(text: string): readonly [before: string, house: string, after: string] {
  const [before, rest, ...more] = text.split(`${BEGIN}\n`);
  const [house, after, ...others] = rest?.split(`${END}\n`) ?? [];
  if (before === undefined || house === undefined || after === undefined || more.length + others.length > 0)
    throw new Error(`the page needs one line "${BEGIN}" and, below it, one line "${END}"`);
  return [before, house, after];
}

/** The sentences that people wrote, by room. */
const sentencesOf = (house: string): ReadonlyMap<string, string> =>
  new Map(
    rowsOf(house).map((row) => [keyOf(plain(row.Level), plain(row.Room)), row['What it is for'] ?? '']),
  );

const names = (list: readonly string[]): string => list.map((name) => `\`${name}\``).join(', ');

/**
 * Writes the house into the page anew: the drawing, and the table with what each room imports. The sentences are kept.
 *
 * @param text the page as it is
 * @param rooms from the top
 */
export function withHouse(text: string, rooms: readonly Room[]): string {
  const [before, house, after] = partsOf(text);
  const sentences = sentencesOf(house);
  const rows = rooms.map(({ name, level, imports }) => {
    const said = sentences.get(keyOf(level, name)) ?? '';
    return `| ${level} | ${names(name.split(', '))} | ${said} | ${names(imports)} |`;
  });
  const table = ['| Level | Room | What it is for | Imports |', '|---|---|---|---|', ...rows].join('\n');
  const drawing = ['```mermaid', drawLevels(rooms), '```'].join('\n');
  return `${before}${BEGIN}\n\n${drawing}\n\n${table}\n\n${END}\n${after}`;
}

/** What is wrong with the page, as the rooms are. */
export function houseFaults(text: string, rooms: readonly Room[]): string[] {
  const [, house] = partsOf(text);
  const sentences = sentencesOf(house);
  const silent = rooms
    .filter(({ name, level }) => !sentences.get(keyOf(level, name)))
    .map(({ name }) => `${name}: has no sentence`);
  return withHouse(text, rooms) === text ? silent : ['is not what the imports say', ...silent];
}
