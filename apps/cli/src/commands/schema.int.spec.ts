import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandLine } from './command-line.fixture';

const registered = {
  ...{ type: 'order.created', version: 2, encoding: 'json', schema: { type: 'object' } },
  ...{ compatibility: 'backward', registeredAt: '2026-01-01T00:00:00.000Z' },
};

let line: CommandLine;
beforeEach(async () => (line = await CommandLine.open()));
afterEach(() => line.close());

const written = (name: string, text: string): string => {
  const file = join(line.folder, name);
  writeFileSync(file, text);
  return file;
};

describe('schemas', () => {
  it('are registered from a JSON Schema', async () => {
    line.gateway.answers['PUT /v1/schemas/order.created/2'] = registered;
    const file = written('order.json', '{"type":"object"}');
    expect(await line.run('schema', 'put', 'order.created', '2', file)).toBe(0);
    expect(line.gateway.seen.at(-1)!.body).toEqual({
      ...{ encoding: 'json', schema: { type: 'object' }, compatibility: 'backward' },
    });
    expect(line.printed).toBe('order.created/2 is registered.\n');
  });

  it('are registered from a .proto file', async () => {
    line.gateway.answers['PUT /v1/schemas/order.created/2'] = registered;
    const file = written('order.proto', 'message Order {}');
    const options = ['--message', 'Order', '--compatibility', 'none'];
    expect(await line.run('schema', 'put', 'order.created', '2', file, ...options)).toBe(0);
    expect(line.gateway.seen.at(-1)!.body).toEqual({
      encoding: 'protobuf',
      ...{ schema: { proto: 'message Order {}', message: 'Order' }, compatibility: 'none' },
    });
  });

  it('that are none, or of no version, are asked of nobody', async () => {
    const files = [written('a.json', '[]'), written('b.json', '{"a":1,"a":2}'), join(line.folder, 'absent')];
    for (const file of files) expect(await line.run('schema', 'put', 'a', '1', file)).toBe(1);
    expect(await line.run('schema', 'get', 'a', '0')).not.toBe(0);
    expect(line.gateway.seen).toEqual([]);
  });

  it('are shown and listed', async () => {
    line.gateway.answers['GET /v1/schemas/order.created/2'] = registered;
    line.gateway.answers['GET /v1/schemas'] = {
      items: [{ type: 'order.created', latestVersion: 2 }],
      nextCursor: null,
    };
    expect(await line.json('schema', 'get', 'order.created', '2')).toEqual(registered);
    line.printed = '';
    expect(await line.run('schema', 'list')).toBe(0);
    expect(line.printed).toMatch(/order\.created.*2/);
  });
});
