/** Lines that half of the files of a folder have at most, and nine in ten; beyond the second a file needs a reason. */
const HALF = 100;
const NINE_IN_TEN = 300;

/** How many lines each file has, by its path. */
export type Lines = ReadonlyMap<string, number>;

/** The length that a share of the files does not exceed. */
function lengthOf(share: number, lines: readonly number[]): number {
  const sorted = [...lines].sort((one, other) => one - other);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
}

function folderFaults(folder: string, files: Lines): string[] {
  const lines = [...files].filter(([file]) => file.startsWith(folder)).map(([, count]) => count);
  const [half, most] = [lengthOf(0.5, lines), lengthOf(0.9, lines)];
  return [
    ...(lines.length === 0 ? [`${folder} has no files`] : []),
    ...(half > HALF ? [`${folder}: the median is ${half} lines; at most ${HALF}`] : []),
    ...(most > NINE_IN_TEN
      ? [`${folder}: nine in ten have up to ${most} lines; at most ${NINE_IN_TEN}`]
      : []),
  ];
}

/**
 * Holds the lengths of files against what they may be.
 *
 * @param folders of which each is judged as a whole, as `src/`
 * @param reasons why a file is long, by its path
 */
export function sizeFaults(
  files: Lines,
  folders: readonly string[],
  reasons: ReadonlyMap<string, string>,
): string[] {
  const long = [...files].filter(([, count]) => count > NINE_IN_TEN).map(([file]) => file);
  return [
    ...folders.flatMap((folder) => folderFaults(folder, files)),
    ...long
      .filter((file) => !reasons.get(file))
      .map((file) => `${file}: has ${files.get(file)} lines and no reason`),
    ...[...reasons.keys()]
      .filter((file) => !long.includes(file))
      .map((file) => `${file}: is not longer than ${NINE_IN_TEN} lines (any more)`),
  ];
}
