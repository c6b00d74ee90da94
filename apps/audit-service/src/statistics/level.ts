/** Widths of buckets in minutes, the widest first. Every bucket lies in one of the next wider width. */
export const widths = [1_440, 60, 1] as const;
export type Width = (typeof widths)[number];

/** Milliseconds since 1970, from `lower` up to but without `upper`. */
export interface Range {
  readonly lower: number;
  readonly upper: number;
}

/** A bucket that is summed up. */
export interface Block {
  readonly width: Width;
  /** Its beginning, in milliseconds since 1970. */
  readonly bucket: number;
}

const minuteMs = 60_000;
export const lengthOf = (width: Width): number => width * minuteMs;
export const rangeOf = ({ width, bucket }: Block): Range => ({
  lower: bucket,
  upper: bucket + lengthOf(width),
});

/** The bucket that a time lies in. @param ms since 1970; also before */
export const bucketOf = (width: Width, ms: number): number =>
  Math.floor(ms / lengthOf(width)) * lengthOf(width);

export const narrowerThan = (width: Width): readonly Width[] => widths.filter((other) => other < width);
/** undefined above the widest */
export const nextWider = (width: Width): Width | undefined => widths.findLast((other) => other > width);

/** Where whole buckets of a width begin: all those within the ranges. */
export function beginningsWithin(width: Width, ranges: readonly Range[]): Range[] {
  const length = lengthOf(width);
  const within = ranges.map(({ lower, upper }) => ({
    lower: Math.ceil(lower / length) * length,
    upper: bucketOf(width, upper),
  }));
  return within.filter(({ lower, upper }) => lower < upper);
}

/** What is left of ranges without some blocks that lie in them. @param ranges in order, apart @param blocks in order */
export function without(ranges: readonly Range[], blocks: readonly Block[]): Range[] {
  const rest: Range[] = [];
  let next = 0;
  for (const { lower, upper } of ranges) {
    let from = lower;
    for (; next < blocks.length && blocks[next]!.bucket < upper; next++) {
      const block = rangeOf(blocks[next]!);
      if (from < block.lower) rest.push({ lower: from, upper: block.lower });
      from = block.upper;
    }
    if (from < upper) rest.push({ lower: from, upper });
  }
  return rest;
}
