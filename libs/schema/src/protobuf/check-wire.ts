import { isUtf8 } from 'node:buffer';
import type { FieldProblem } from '@concordat/contracts';
import { Reader } from 'protobufjs';
import { bounds } from '../bounds';
import { below, payloadProblem } from '../problem';
import { type FieldShape, type MessageShape, wireNumber } from './message-shape';

class Malformed extends Error {
  constructor(
    readonly pointer: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Checks the bytes of a message field by field, without making an object of it: fields must be of the schema, as it
 * writes them, and whole. Linear in the bytes.
 * @returns what is wrong first, or undefined
 */
export function checkWire(bytes: Uint8Array, shape: MessageShape): FieldProblem | undefined {
  const reader = Reader.create(bytes);
  try {
    checkMessage(reader, reader.len, shape, '', 0);
    return undefined;
  } catch (error) {
    if (error instanceof Malformed) return payloadProblem(error.pointer, error.message);
    // The reader came to the end of the bytes in the middle of a value.
    if (error instanceof RangeError) return payloadProblem('', 'ends in the middle of a field');
    throw error;
  }
}

function checkMessage(reader: Reader, end: number, shape: MessageShape, at: string, depth: number): void {
  if (depth > bounds.depth) throw new Malformed(at, `is nested deeper than ${bounds.depth}`);
  const seen = new Set<number>();
  while (reader.pos < end) {
    const tag = varint(reader, end, at);
    const [id, wire] = [tag >>> 3, tag & 7];
    const field = shape.fields.get(id);
    if (!field) throw new Malformed(at, `has the field ${id}, which is not in the schema`);
    checkField(reader, end, field, wire, below(at, field.name), depth);
    seen.add(id);
  }
  for (const { id, name, isRequired } of shape.fields.values())
    if (isRequired && !seen.has(id)) throw new Malformed(at, `must have the field ${name}`);
}

function checkField(
  reader: Reader,
  end: number,
  field: FieldShape,
  wire: number,
  at: string,
  depth: number,
): void {
  const own = wireNumber[field.wire];
  if (wire === own) return checkValue(reader, end, field, at, depth);
  // Lists of numbers may be packed, whatever the schema says of that.
  if (!field.isRepeated || wire !== wireNumber.length || own === wireNumber.length)
    throw new Malformed(at, `must be written as ${field.type}`);
  const last = endOfLength(reader, end, at);
  while (reader.pos < last) checkValue(reader, last, field, at, depth);
}

function checkValue(reader: Reader, end: number, field: FieldShape, at: string, depth: number): void {
  switch (field.wire) {
    case 'varint': {
      const value = varint(reader, end, at);
      if (field.values && !field.values.has(value)) throw new Malformed(at, 'must be a value of the enum');
      return;
    }
    case 'fixed64':
      return skip(reader, 8, end, at);
    case 'fixed32':
      return skip(reader, 4, end, at);
    case 'length': {
      const last = endOfLength(reader, end, at);
      if (field.message) return checkMessage(reader, last, field.message(), at, depth + 1);
      if (field.type === 'string' && !isUtf8(reader.buf.subarray(reader.pos, last)))
        throw new Malformed(at, 'must be UTF-8');
      reader.pos = last;
      return;
    }
    default:
      return field.wire satisfies never;
  }
}

/** @returns its low 32 bits, as tags, lengths and enums are read */
function varint(reader: Reader, end: number, at: string): number {
  const begun = reader.pos;
  const value = reader.int32();
  if (reader.pos > end || reader.pos - begun > 10) throw new Malformed(at, 'ends in the middle of a field');
  return value;
}

function endOfLength(reader: Reader, end: number, at: string): number {
  const last = (varint(reader, end, at) >>> 0) + reader.pos;
  if (last > end) throw new Malformed(at, 'ends in the middle of a field');
  return last;
}

function skip(reader: Reader, bytes: number, end: number, at: string): void {
  if (reader.pos + bytes > end) throw new Malformed(at, 'ends in the middle of a field');
  reader.pos += bytes;
}
