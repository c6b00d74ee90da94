import type { JsonValue } from '@concordat/contracts';
import fc from 'fast-check';
import { compileSchema, incompatibility, type SchemaSource } from './compile-schema';
import { evaluate } from './reference-evaluator.fixture';
import { payload, versions } from './schema-pairs.fixture';

const json = (schema: JsonValue | boolean): SchemaSource => ({
  encoding: 'json',
  schema: typeof schema === 'boolean' ? (schema ? {} : { not: {} }) : schema,
});

describe('two versions that are called compatible', () => {
  it('take every payload of the older one, and both what the specification says: no counterexample', () => {
    const counted = {
      pairs: 0,
      compatible: 0,
      changed: 0,
      payloads: 0,
      valid: 0,
      refusedRightly: 0,
      refused: 0,
    };
    fc.assert(
      fc.property(
        versions,
        fc.array(payload, { minLength: 30, maxLength: 30 }),
        ([before, after], payloads) => {
          counted.pairs++;
          const [older, newer] = [json(before), json(after)];
          const reason = incompatibility(older, newer);
          const [wasTaken, isTaken] = [compileSchema(older), compileSchema(newer)];
          const differing = payloads.filter(
            (one) =>
              (wasTaken(one).length === 0) !== evaluate(before, one) ||
              (isTaken(one).length === 0) !== evaluate(after, one),
          );
          expect(differing).toEqual([]);
          const lost = payloads.filter((one) => wasTaken(one).length === 0 && isTaken(one).length > 0);
          if (reason) {
            counted.refused++;
            if (lost.length > 0) counted.refusedRightly++;
            return;
          }
          counted.compatible++;
          if (JSON.stringify(before) !== JSON.stringify(after)) counted.changed++;
          counted.payloads += payloads.length;
          counted.valid += payloads.filter((one) => wasTaken(one).length === 0).length;
          expect(lost).toEqual([]);
        },
      ),
      { numRuns: 120, endOnFailure: true },
    );
    process.stdout.write(`schema versions: ${JSON.stringify(counted)}\n`);
    expect(counted.changed).toBeGreaterThan(20);
    expect(counted.valid).toBeGreaterThan(500);
    expect(counted.refusedRightly).toBeGreaterThan(5);
  });
});
