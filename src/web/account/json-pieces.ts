/** What is read page by page, one entry after the other. @param read gives a page, and where the next one begins */
export async function* entriesOf<T, Place>(
  read: (after: Place | undefined) => Promise<{ entries: readonly T[]; next: Place | undefined }>,
): AsyncGenerator<T> {
  let after: Place | undefined;
  do {
    const page = await read(after);
    yield* page.entries;
    after = page.next;
  } while (after !== undefined);
}

/** Lines of JSON, set in by so many spaces; the first one stands after something. */
const setIn = (value: unknown, spaces: number) =>
  (JSON.stringify(value, null, 2) ?? 'null').replaceAll('\n', `\n${' '.repeat(spaces)}`);

async function* list(entries: AsyncIterable<unknown>): AsyncGenerator<string> {
  let before = '[';
  for await (const entry of entries) {
    yield `${before}\n    ${setIn(entry, 4)}`;
    before = ',';
  }
  yield before === '[' ? '[]' : '\n  ]';
}

/**
 * An object as JSON, in pieces: its lists are written as they are read, however long they are. Where reading fails in the
 * middle, what was written is no JSON, so nobody takes it for the whole.
 *
 * @param members an async iterable becomes a list
 */
export async function* jsonPieces(
  members: Readonly<Record<string, AsyncIterable<unknown> | object | string | null>>,
): AsyncGenerator<string> {
  let before = '{';
  for (const [name, value] of Object.entries(members)) {
    yield `${before}\n  ${JSON.stringify(name)}: `;
    before = ',';
    if (value !== null && typeof value === 'object' && Symbol.asyncIterator in value) yield* list(value);
    else yield setIn(value, 2);
  }
  yield before === '{' ? '{}\n' : '\n}\n';
}
