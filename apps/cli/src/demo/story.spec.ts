import { type DemoResult } from './demo-result';
import { storyOn, summaryOf } from './story';

const result: DemoResult = {
  ok: true,
  checks: [{ name: 'one', ok: true, detail: 'seen' }],
  traceId: 'a'.repeat(32),
  services: ['iam-service', 'bus-gateway', 'audit-service', 'vault-service'],
  messages: 240,
  durationsMs: { setup: 1, conversation: 2_000, memory: 3, refusals: 4, audit: 5, total: 2_100 },
};

describe('the story', () => {
  it('is told in short lines', () => {
    const lines: string[] = [];
    const story = storyOn({ write: (text) => lines.push(text) });
    story.chapter('Three agents join.');
    story.check({ name: 'one', ok: true, detail: 'seen' });
    story.check({ name: 'two', ok: false, detail: 'not seen' });
    story.progress(20, 240);
    expect(lines).toEqual([
      '\nThree agents join.\n',
      '✓ one: seen\n',
      '✗ two: not seen\n',
      '… 20 of 240 messages\n',
    ]);
  });

  it('ends well, or says what did not hold', () => {
    expect(summaryOf(result)).toContain('1 of 1 hold');
    expect(summaryOf(result)).toContain('Everything held.');
    const failed = { ...result, ok: false, checks: [{ name: 'two', ok: false, detail: 'lost' }] };
    expect(summaryOf(failed)).toContain('✗ two: lost');
    expect(summaryOf(failed)).toContain('0 of 1 hold');
  });
});
