import { z } from 'zod';

/**
 * A place in the history of one store. `epoch` is minted (milliseconds since 1970) when the store is created
 * or restored, so a position that is used again with other content can never pass for the old one.
 */
export interface Position {
  readonly epoch: number;
  readonly position: number;
}

export const origin: Position = Object.freeze({ epoch: 0, position: 0 });

const pattern = /^(0|[1-9]\d{0,15})-(0|[1-9]\d{0,15})$/;

/** `<epoch>-<position>`, which is also the id of the entry in the service's stream. */
export const formatPosition = (at: Position): string => `${at.epoch}-${at.position}`;

/** @returns undefined when the text is not a position in canonical form */
export function parsePosition(text: string): Position | undefined {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const at = { epoch: Number(match[1]), position: Number(match[2]) };
  return Number.isSafeInteger(at.epoch) && Number.isSafeInteger(at.position) ? at : undefined;
}

/** Negative, zero or positive, as for Array.sort: epochs first, then positions. */
export const comparePositions = (a: Position, b: Position): number =>
  a.epoch - b.epoch || a.position - b.position;

/**
 * Positions of several sources, as carried by the `Concordat-Position` and `Concordat-Min-Position` headers:
 * `iam:1763640000000-42,vault:1763640000100-7`.
 */
export type Positions = Readonly<Record<string, Position>>;

const sourcePattern = /^[a-z][a-z0-9.-]{0,31}$/;

export const formatPositions = (positions: Positions): string =>
  Object.entries(positions)
    .map(([source, at]) => `${source}:${formatPosition(at)}`)
    .join(',');

/** @returns undefined when any part is malformed or names a source again; at most 16 sources */
export function parsePositions(text: string): Positions | undefined {
  const parts = text.split(',');
  if (parts.length > 16) return undefined;
  const result: Record<string, Position> = {};
  for (const part of parts) {
    const colon = part.indexOf(':');
    const source = part.slice(0, colon).trim();
    const at = parsePosition(part.slice(colon + 1).trim());
    if (colon < 1 || !sourcePattern.test(source) || !at || Object.hasOwn(result, source)) return undefined;
    result[source] = at;
  }
  return result;
}

export const positionSchema = z.strictObject({
  epoch: z.number().int().nonnegative(),
  position: z.number().int().nonnegative(),
});
