/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded only when it is the one that runs */
import { type Command } from 'commander';
import { type Context } from '../context';

/** What a file of this folder exports: it adds options, subcommands and the action to its command. */
export interface CommandModule {
  register(command: Command, context: () => Context): void;
}

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly hidden?: boolean;
  load(): CommandModule;
}

/** Every command of the CLI, in the order of its help. A new one is a file here and a line below. */
export const commands: readonly CommandEntry[] = [
  { name: 'up', summary: 'start Concordat', load: () => require('./up') as CommandModule },
  { name: 'down', summary: 'stop it in order', load: () => require('./down') as CommandModule },
  {
    name: 'demo',
    summary: 'two agents and a stranger: everything once, checked',
    load: () => require('./demo') as CommandModule,
  },
  {
    name: 'agent',
    summary: 'create, list, show, change, suspend, revoke and erase agents',
    load: () => require('./agent') as CommandModule,
  },
  {
    name: 'user',
    summary: 'create, list, show, change and erase users',
    load: () => require('./user') as CommandModule,
  },
  {
    name: 'key',
    summary: 'create, list, rotate and revoke API keys',
    load: () => require('./key') as CommandModule,
  },
  {
    name: 'login',
    summary: 'act as an agent from now on, or for a user',
    load: () => require('./login') as CommandModule,
  },
  {
    name: 'logout',
    summary: 'act for no user any more, and end the session',
    load: () => require('./logout') as CommandModule,
  },
  {
    name: 'delegation',
    summary: 'hand a right to another agent for a time, and take it back',
    load: () => require('./delegation') as CommandModule,
  },
  {
    name: 'policy',
    summary: 'test, try, publish and remove policies, and ask what they say',
    load: () => require('./policy') as CommandModule,
  },
  {
    name: 'limit',
    summary: 'list, set and delete rate limits and quotas',
    load: () => require('./limit') as CommandModule,
  },
  {
    name: 'bridge',
    summary: 'let agents speak Redis Streams, list them, and take it back',
    load: () => require('./bridge') as CommandModule,
  },
  {
    name: 'send',
    summary: 'send a message, or many from a file',
    load: () => require('./send') as CommandModule,
  },
  {
    name: 'inbox',
    summary: 'receive messages, and settle them',
    load: () => require('./inbox') as CommandModule,
  },
  {
    name: 'tail',
    summary: 'messages as they come, live',
    load: () => require('./tail') as CommandModule,
  },
  { name: 'message', summary: 'what became of a message', load: () => require('./message') as CommandModule },
  {
    name: 'topic',
    summary: 'create, list, show and delete topics, and the groups that receive from them',
    load: () => require('./topic') as CommandModule,
  },
  {
    name: 'dlq',
    summary: 'list, show, replay and purge dead letters',
    load: () => require('./dlq') as CommandModule,
  },
  {
    name: 'top',
    summary: 'how full the streams are, every second',
    load: () => require('./top') as CommandModule,
  },
  {
    name: 'schedule',
    summary: 'send messages later, or again and again; list and delete what is scheduled',
    load: () => require('./schedule') as CommandModule,
  },
  {
    name: 'schema',
    summary: 'register, show and list the schemas of payloads',
    load: () => require('./schema') as CommandModule,
  },
  {
    name: 'iam',
    summary: 'verify, back up, restore and rebuild the store of identities',
    load: () => require('./iam') as CommandModule,
  },
  {
    name: 'vault',
    summary: 'write, read and share memories; verify, back up, restore and rebuild their store',
    load: () => require('./vault') as CommandModule,
  },
  {
    name: 'audit',
    summary: 'search the audit trail, and prove what is in it',
    load: () => require('./audit') as CommandModule,
  },
  {
    name: 'governance',
    summary: 'record what is done and why, follow workflows, and read the views',
    load: () => require('./governance') as CommandModule,
  },
  { name: 'doctor', summary: 'what is wrong, and the fix', load: () => require('./doctor') as CommandModule },
  {
    name: 'bench',
    summary: 'how fast it is, beside the raw limit below it',
    load: () => require('./bench') as CommandModule,
  },
  { name: 'test', summary: 'run the tests', load: () => require('./test') as CommandModule },
  {
    name: 'supervise',
    summary: 'the process behind up --detach',
    hidden: true,
    load: () => require('./supervise') as CommandModule,
  },
];
