import { levels } from './levels.ts';
import type { Room } from './rooms.ts';

/** Which levels import which, by name; a level's imports of itself are no arrow. */
function arrowsOf(rooms: readonly Room[]): Map<string, Set<string>> {
  const levelOf = (room: string) => levels.find((level) => level.rooms.includes(room))?.name;
  const arrows = new Map<string, Set<string>>();
  for (const { level, imports } of rooms) {
    const below = imports.flatMap((room) => levelOf(room) ?? []).filter((name) => name !== level);
    arrows.set(level, new Set([...(arrows.get(level) ?? []), ...below]));
  }
  return arrows;
}

/** Whether one level leads to another by way of a third. */
function isDetour(arrows: ReadonlyMap<string, ReadonlySet<string>>, from: string, to: string): boolean {
  const reaches = (one: string): boolean =>
    [...(arrows.get(one) ?? [])].some((next) => next === to || reaches(next));
  return [...(arrows.get(from) ?? [])].some((next) => next !== to && reaches(next));
}

/**
 * Draws the levels with the arrows that are needed: where one level reaches another by way of a third as well, the short
 * cut is left out, because the table has every import.
 *
 * @returns a Mermaid flowchart
 * @throws if the arrows go upwards, as then they may go round
 */
export function drawLevels(rooms: readonly Room[]): string {
  const arrows = arrowsOf(rooms);
  const order = levels.map(({ name }) => name);
  const upwards = [...arrows].flatMap(([from, below]) =>
    [...below].filter((to) => order.indexOf(to) < order.indexOf(from)).map((to) => `${from} -> ${to}`),
  );
  if (upwards.length > 0) throw new Error(`imports go upwards: ${upwards.join(', ')}`);
  const shown = levels.filter(({ name }) => arrows.has(name));
  const whole = (name: string) =>
    rooms
      .filter(({ level, name: room }) => level === name && room.split('/').length < 3)
      .map(({ name: room }) => room)
      .join(', ');
  return [
    'flowchart TB',
    ...shown.map(({ name }) => `  ${name}["${whole(name)}"]`),
    ...shown.flatMap(({ name }) =>
      order
        .filter((to) => arrows.get(name)?.has(to) && !isDetour(arrows, name, to))
        .map((to) => `  ${name} --> ${to}`),
    ),
  ].join('\n');
}
