import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { inherited } from './environment';
import { repository } from './system';

/** What `./concordat demo -o json` prints. */
export interface DemoResult {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
  readonly traceId: string;
  readonly services: readonly string[];
  readonly messages: number;
  readonly durationsMs: Readonly<Record<string, number>>;
}

export interface DemoOutcome {
  readonly code: number | null;
  readonly result: DemoResult;
  /** What was told while it ran. */
  readonly story: string;
}

export interface DemoRunOptions {
  readonly folder: string;
  readonly messages: number;
  readonly deadlineSeconds?: number;
  /** Hears how many messages of the conversation have had their effect, every twenty. */
  readonly onProgress?: (messages: number) => void;
}

/** Runs `./concordat demo -o json` as a user would. @throws Error when it prints no result */
export function runDemo({
  folder,
  messages,
  deadlineSeconds = 180,
  onProgress,
}: DemoRunOptions): Promise<DemoOutcome> {
  const args = ['demo', '--data', folder, '-o', 'json', '--messages', String(messages)];
  return new Promise((resolve, reject) => {
    const child = spawn(
      join(repository, 'concordat'),
      [...args, '--deadline-seconds', String(deadlineSeconds)],
      {
        cwd: repository,
        env: inherited(),
      },
    );
    let stdout = '';
    let story = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      story += chunk.toString();
      const told = story.match(/^… \d+ of \d+ messages$/gm)?.at(-1);
      if (told !== undefined) onProgress?.(Number(told.split(' ')[1]));
    });
    child.on('error', reject);
    child.on('close', (code) => {
      try {
        resolve({ code, story, result: JSON.parse(stdout) as DemoResult });
      } catch {
        reject(new Error(`the demo ended with ${code} and no result:\n${story}`));
      }
    });
  });
}
