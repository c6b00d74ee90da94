import type { JsonValue } from '@concordat/contracts';
import { bounds } from './bounds';
import { compileSchema, type SchemaSource } from './compile-schema';

const property = (at: number): JsonValue =>
  at % 3 === 0
    ? { type: 'integer', minimum: 0 }
    : { type: 'string', maxLength: 64, pattern: '^[a-z0-9 -]*$' };
const record = (names: readonly string[]): SchemaSource => ({
  encoding: 'json',
  schema: {
    type: 'object',
    required: [...names],
    properties: Object.fromEntries(names.map((name, at) => [name, property(at)])),
    additionalProperties: false,
  },
});
const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `field-${at}`);

/** The slowest to compile that is taken: as many subschemas as there may be, each a function of its own. */
const largest: SchemaSource = {
  encoding: 'json',
  schema: {
    $defs: Object.fromEntries(
      names(84).map((name, at) => [
        name,
        { type: 'object', required: names(40), properties: { a: property(at) } },
      ]),
    ),
    anyOf: names(84).map((name) => ({ $ref: `#/$defs/${name}` })),
  },
};

/** Of the process, not of the wall: the machine may be shared. Milliseconds. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** CPU time of one run, the first and the best: what was never compiled before is what holds up a gateway. */
function measure(runs: number, run: () => unknown): { firstMs: number; bestMs: number } {
  const times = Array.from({ length: runs }, () => {
    const begun = cpuMs();
    run();
    return cpuMs() - begun;
  });
  return { firstMs: times[0]!, bestMs: Math.min(...times) };
}

function perCpuSecond(run: () => unknown): number {
  const [runs, begun] = [20_000, cpuMs()];
  for (let i = 0; i < runs; i++) run();
  return Math.round((runs / (cpuMs() - begun)) * 1_000);
}

function main(): void {
  const fields = names(24);
  const check = compileSchema(record(fields));
  const payload = Object.fromEntries(
    fields.map((name, at): [string, JsonValue] => [
      name,
      at % 3 === 0 ? at : 'a text of forty characters, not more..'.replaceAll(/[,.]/g, '-'),
    ]),
  );
  if (check(payload).length > 0) throw new Error('the payload of the measurement is not valid');
  const items = compileSchema({
    encoding: 'json',
    schema: { items: { anyOf: names(3).map((name) => ({ const: name })) } },
  });
  const long = Array.from({ length: 150_000 }, () => 'field-2');
  const slow = compileSchema({ encoding: 'json', schema: { pattern: '(a?){99}(b?){99}c' } });
  const worstText = 'ab'.repeat(Math.floor(bounds.checkSteps / 795 / 2) - 10);
  const plain = compileSchema({
    encoding: 'json',
    schema: { properties: Object.fromEntries(fields.map((name) => [name, {}])), required: fields },
  });
  const results = {
    payloadBytes: JSON.stringify(payload).length,
    checksPerCpuSecond: perCpuSecond(() => check(payload)),
    checksWithoutPatternsPerCpuSecond: perCpuSecond(() => plain(payload)),
    compileOf24Fields: measure(20, () => compileSchema(record(fields))),
    compileOfLargest: measure(10, () => compileSchema(largest)),
    compileOf250Fields: measure(10, () => compileSchema(record(names(250)))),
    checkOf150kItems: measure(5, () => items(long)),
    checkOfSlowestPattern: measure(5, () => slow(worstText)),
  };
  process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
}

main();
