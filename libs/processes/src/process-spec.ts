import { type Random } from './backoff';
import { type Clock } from './clock';

export interface ProcessSpec {
  /** for messages: `redis`, `iam-service` */
  readonly name: string;
  readonly command: string;
  /** never a secret: everyone on the machine can read arguments */
  readonly args: readonly string[];
  /** the whole environment; nothing is inherited */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** who it runs as, when this process is root */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  readonly logFile: string;
  readonly logMaxBytes?: number;
  /** resolves when this very process serves, rejects with the reason why not yet; asked again and again */
  readonly probe: (pid: number, signal: AbortSignal) => Promise<void>;
  /** runs before every start, also after a crash */
  readonly beforeStart?: () => Promise<void>;
  /** asks for an orderly end; default SIGTERM */
  readonly stopSignal?: NodeJS.Signals;
  /** after this SIGKILL follows; default 10 s */
  readonly stopTimeoutMs?: number;
}

export type ProcessState =
  'idle' | 'starting' | 'ready' | 'restarting' | 'crash-loop' | 'stopping' | 'stopped';

export interface Exit {
  readonly pid: number | undefined;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** "exit code 1", "killed by SIGKILL", "cannot be started: …" */
  readonly why: string;
}

export interface ProcessEvents {
  started: [{ pid: number }];
  ready: [{ pid: number; afterMs: number }];
  exited: [Exit];
  restarting: [{ exitsInARow: number; delayMs: number; crashLoop: boolean; why: string }];
  state: [ProcessState];
}

export interface Supervision {
  readonly clock?: Clock;
  readonly random?: Random;
  /** false: an exit is final (for tests that want a server to stay dead) */
  readonly restart?: boolean;
}
