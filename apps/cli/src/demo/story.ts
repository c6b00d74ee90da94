import { seconds } from '@concordat/processes';
import { table, visible } from '../output';
import { type Check } from './checks';
import { type DemoResult } from './demo-result';

/** What is told while the demo runs. */
export interface Story {
  chapter(text: string): void;
  check(check: Check): void;
  /** How many messages have had their effect. */
  progress(messages: number, planned: number): void;
}

/** Short lines, one by one: people follow them, programs wait for "20 of 240 messages". */
export const storyOn = (stream: { write(text: string): unknown }): Story => ({
  chapter: (text) => void stream.write(`\n${text}\n`),
  check: ({ name, ok, detail }) => void stream.write(`${ok ? '✓' : '✗'} ${name}: ${visible(detail, '\n')}\n`),
  progress: (messages, planned) => void stream.write(`… ${messages} of ${planned} messages\n`),
});

/** The end of the story, for people. */
export function summaryOf({ ok, checks, traceId, services, messages, durationsMs }: DemoResult): string {
  const failed = checks.filter((check) => !check.ok);
  const facts = table(
    ['what', 'value'],
    [
      ['checks', `${checks.length - failed.length} of ${checks.length} hold`],
      ['messages', String(messages)],
      ['services', services.join(', ')],
      ['trace of the first message', traceId],
      ['took', `${seconds(durationsMs.total)}, the conversation ${seconds(durationsMs.conversation)}`],
    ],
  );
  const end = ok
    ? 'Everything held. Next: ./concordat agent create <name> --type CLAUDE'
    : [
        'Not everything held:',
        ...failed.map(({ name, detail }) => `✗ ${name}: ${visible(detail, '\n')}`),
        'See: ./concordat doctor',
      ].join('\n');
  return `${facts}\n\n${end}`;
}
