/** Longest line, in bytes: an event of the largest size, escaped twice. */
const lineBytes = 16_777_216;
const newline = 0x0a;

/**
 * The lines of a file, without their newlines, read as it comes: never more than one line and one chunk are in memory.
 * @throws Error when a line has no end, or is longer than any line of an export
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let begun: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let from = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
      yield begun.length === 0
        ? bytes.subarray(from, end)
        : Buffer.concat([...begun, bytes.subarray(from, end)]);
      begun = [];
      size = 0;
      from = end + 1;
    }
    if (from === bytes.byteLength) continue;
    size += bytes.byteLength - from;
    if (size > lineBytes) throw new Error(`the line has more than ${lineBytes} bytes`);
    begun.push(bytes.subarray(from));
  }
  if (size > 0) throw new Error('the line has no end: the export is cut off');
}
