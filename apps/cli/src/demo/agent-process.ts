import { Concordat, type ConcordatProblem, isConcordatProblem, type Subscription } from '@concordat/sdk';
import { type AgentCommand, type AgentReport } from './agent-messages';
import { patient } from './cast';
import { librarian, researcher } from './roles';

const report = (message: AgentReport): void => {
  if (process.connected) process.send?.(message);
};

/** One agent of the demo, in a process of its own. It hears commands from the demo and tells it what happens. */
class AgentProcess {
  #client: Concordat | undefined;
  #subscription: Subscription | undefined;

  async hear(command: AgentCommand): Promise<void> {
    switch (command.kind) {
      case 'start': {
        const { urls: url, secretKey } = command;
        const onRetry = ({ detail }: ConcordatProblem): void => report({ kind: 'trouble', detail });
        this.#client = new Concordat({ url, credential: { secretKey }, timeouts: patient, onRetry });
        await this.#client.login();
        return report({ kind: 'started', did: this.#client.did! });
      }
      case 'answer':
        this.#subscription = librarian(this.#agent, report);
        return;
      case 'ask':
        this.#subscription = researcher(this.#agent, report, command);
        return;
      case 'call':
        return this.#call(command);
      case 'stop':
        await this.#subscription?.stop();
        process.disconnect();
        return;
      default:
        command satisfies never;
    }
  }

  get #agent(): Concordat {
    if (!this.#client) throw new Error('the agent was not started');
    return this.#client;
  }

  async #call({
    number,
    operation,
    input,
    traceparent,
  }: Extract<AgentCommand, { kind: 'call' }>): Promise<void> {
    try {
      const output = await this.#agent.call(operation, input, { traceparent });
      report({ kind: 'called', number, output });
    } catch (error) {
      if (!isConcordatProblem(error)) throw error;
      const { code, status, detail } = error;
      report({ kind: 'refused', number, code, status, detail });
    }
  }
}

const agent = new AgentProcess();
process.on('message', (command: AgentCommand) => {
  agent.hear(command).catch((error: Error) => report({ kind: 'failed', detail: error.message }));
});
// Ctrl-C reaches every process of the terminal: the demo hears it, and says when to end.
process.on('SIGINT', () => undefined);
// The demo has gone, or has heard that all is done.
process.on('disconnect', () => process.exit(0));
