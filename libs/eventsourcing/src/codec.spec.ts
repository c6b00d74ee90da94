import { MemoryWritten } from '@concordat/contracts';
import { memoryKeystore } from '@concordat/keystore';
import { hasWithheldContent, openData, sealData, wireData } from './codec';

const place = { tenant: 't', stream: 'memory/p/r', version: 1 };
const memory = {
  ...{ persona: 'did:key:z1', recordId: 'r'.repeat(22), version: 1, generation: 1, author: 'did:key:z1' },
  ...{ key: 'k', content: { sha256: 'looks like withheld content' } },
};

describe('an event whose content stays local', () => {
  it('comes back from the stream without its content, and is published again as it was', async () => {
    const keystore = memoryKeystore();
    const stored = JSON.stringify(await sealData(MemoryWritten, memory, place, keystore));
    const wire = wireData(MemoryWritten, stored);
    expect(wireData(MemoryWritten, wire)).toBe(wire);
    const takenBack = JSON.parse(wire) as Record<string, unknown>;
    expect(hasWithheldContent(MemoryWritten, takenBack)).toBe(true);
    const opened = await openData(MemoryWritten, takenBack, place, keystore);
    expect(opened).toEqual({ ...memory, key: null, content: null });
  });

  it('is not taken for one without content, whatever its content looks like', async () => {
    const keystore = memoryKeystore();
    const sealed = await sealData(MemoryWritten, memory, place, keystore);
    expect(hasWithheldContent(MemoryWritten, sealed)).toBe(false);
    expect(await openData(MemoryWritten, sealed, place, keystore)).toEqual(memory);
  });
});
