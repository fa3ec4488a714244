/** Lines that nine in ten files of a folder have at most; any beyond needs a reason. */
const NINE_IN_TEN = 300;

/** A folder, and the lines that half of its files have at most. */
export interface Bound {
  readonly folder: string;
  readonly half: number;
}

/**
 * The project as a whole, and its large folders. Tests were longer than the aim of 100 when this was first measured (118), as many are tables
 * of cases; their bound is there to keep them from growing.
 */
export const bounds: readonly Bound[] = [
  { folder: '', half: 100 },
  { folder: 'src/', half: 100 },
  { folder: 'test/', half: 120 },
];

/** How many lines each file has, by its path. */
export type Lines = ReadonlyMap<string, number>;

/** The length that a share of the files does not exceed. */
function lengthOf(share: number, lines: readonly number[]): number {
  const sorted = [...lines].sort((one, other) => one - other);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
}

function folderFaults({ folder, half: atMost }: Bound, files: Lines): string[] {
  const lines = [...files].filter(([file]) => file.startsWith(folder)).map(([, count]) => count);
  const [half, most] = [lengthOf(0.5, lines), lengthOf(0.9, lines)];
  return [
    ...(lines.length === 0 ? [`${folder} has no files`] : []),
    ...(half > atMost ? [`${folder}: the median is ${half} lines; at most ${atMost}`] : []),
    ...(most > NINE_IN_TEN
      ? [`${folder}: nine in ten have up to ${most} lines; at most ${NINE_IN_TEN}`]
      : []),
  ];
}

/**
 * Holds the lengths of files against what they may be.
 *
 * @param reasons why a file is long, by its path
 */
export function sizeFaults(
  files: Lines,
  folders: readonly Bound[],
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
