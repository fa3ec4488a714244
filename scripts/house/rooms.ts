import type { IModule } from 'dependency-cruiser';
import { levels } from './levels.ts';

/** A row of the house: a folder of `src`, a folder within one, or the single files of a level. */
export interface Room {
  /** As the document writes it: `oidc/`, `oidc/storage/`, or `main.ts, cli.ts`. */
  readonly name: string;
  readonly level: string;
  /** What it imports, by level from the top; for a folder within a room, its neighbours there. */
  readonly imports: readonly string[];
}

/** Rooms that are shown with the folders within them: a reader looks for those by name. */
const divided: readonly string[] = ['oidc', 'web', 'demo'];

type Import = readonly [from: string, to: string];

/** `src/oidc/token/dpop.ts` is in `oidc`; `src/app.ts` is `app.ts`, a room of one file. */
const roomOf = (file: string): string => file.split('/')[1] ?? '';

const bare = (room: string): string => room.replace(/\.ts$/, '');
const place = (room: string): number => levels.findIndex(({ rooms }) => rooms.includes(bare(room)));
const isFolder = (room: string): boolean => !room.endsWith('.ts');

/** Rooms from the top; on one level, by name. */
const fromTheTop = (rooms: Iterable<string>): string[] =>
  [...new Set(rooms)].sort((one, other) => place(one) - place(other) || one.localeCompare(other, 'en'));

/** How an import is written: without the end of a file, because most of the ground are single files. */
const targets = (rooms: Iterable<string>): string[] => fromTheTop(rooms).map(bare);

/** The folder within a room that a file is in; the files beside it are the room's own. */
function partOf(file: string): string | undefined {
  const [, , part, deeper] = file.split('/');
  return deeper === undefined ? undefined : part;
}

function partsOf(room: string, files: readonly string[], imports: readonly Import[]): Room[] {
  const inside = files.filter((file) => roomOf(file) === room);
  const parts = [...new Set(inside.flatMap((file) => partOf(file) ?? []))].sort();
  return parts.map((part) => {
    const to = imports
      .filter(([from, target]) => roomOf(from) === room && partOf(from) === part && roomOf(target) === room)
      .map(([, target]) => partOf(target) ?? `${room}/`)
      .filter((name) => name !== part);
    return {
      name: `${room}/${part}/`,
      level: levels[place(room)]?.name ?? '',
      imports: [...new Set(to)].sort(),
    };
  });
}

/** Every import of one file of `src` by another. */
export const importsOf = (modules: readonly IModule[]): Import[] =>
  modules
    .filter(({ source }) => source.startsWith('src/'))
    .flatMap(({ source, dependencies }) =>
      dependencies
        .filter(({ resolved }) => resolved.startsWith('src/'))
        .map(({ resolved }): Import => [source, resolved]),
    );

/**
 * The rooms of `src` with what they import, from the top.
 *
 * @param modules what the cruiser read
 */
export function roomsOf(modules: readonly IModule[]): Room[] {
  const files = modules.map(({ source }) => source).filter((source) => /^src\/.*\.ts$/.test(source));
  const imports = importsOf(modules);
  const out = (room: string) =>
    imports.filter(([from, to]) => roomOf(from) === room && roomOf(to) !== room).map(([, to]) => roomOf(to));
  const all = fromTheTop(files.map(roomOf));
  const unplaced = all.filter((room) => place(room) === -1);
  if (unplaced.length > 0) throw new Error(`on no level of scripts/house/levels.ts: ${unplaced.join(', ')}`);
  return levels.flatMap(({ name: level, rooms }) => {
    const here = all.filter((room) => rooms.includes(bare(room)));
    const single = here.filter((room) => !isFolder(room));
    const together: Room = {
      name: single.join(', '),
      level,
      imports: targets(single.flatMap(out)).filter((room) => !single.includes(`${room}.ts`)),
    };
    const folders = here
      .filter(isFolder)
      .flatMap((room): Room[] => [
        { name: `${room}/`, level, imports: targets(out(room)) },
        ...(divided.includes(room) ? partsOf(room, files, imports) : []),
      ]);
    return single.length > 0 ? [together, ...folders] : folders;
  });
}
