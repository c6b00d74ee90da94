import { readFileSync } from 'node:fs';
import { agentType, ConcordatError, parseStrictJson } from '@concordat/contracts';
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';

type Json = ReturnType<typeof JSON.parse>;

/** For options and arguments that are numbers. @throws InvalidArgumentError: the call was wrong */
export const wholeNumber =
  (lowest: number, highest: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d{1,15}$/.test(text) && value >= lowest && value <= highest) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${lowest} to ${highest}.`);
  };

const units = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `90`, `90s`, `15m`, `12h`, `30d` in seconds. @throws InvalidArgumentError */
export function duration(text: string): number {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text);
  if (!match) throw new InvalidArgumentError('It must be a number of s, m, h or d: 12h.');
  return Number(match[1]) * units[(match[2] || 's') as keyof typeof units];
}

/**
 * JSON as the gateway would take it; `@file` reads it from a file. What is wrong is said without the text, which may be
 * a secret. @throws InvalidArgumentError
 */
export function json(text: string): Json {
  try {
    return parseStrictJson(text.startsWith('@') ? readFileSync(text.slice(1)) : text) as Json;
  } catch (error) {
    throw new InvalidArgumentError(`${reasonOf(error)} Text is JSON in double quotes: '"like this"'.`);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof ConcordatError)) {
    // "ENOENT: no such file or directory, open '…'"
    const [what] = (error as Error).message.split(',');
    return `The file cannot be read (${what}).`;
  }
  return error.code === 'JSON_DUPLICATE_KEY' ? 'A key appears twice in one object.' : error.detail;
}

/**
 * Adds an argument that may hold a secret: commander would repeat what it could not read.
 * @param name in the brackets of commander: `<needed>` or `[optional]`
 * @param read throws InvalidArgumentError
 */
export function addSecretArgument(
  command: Command,
  name: string,
  description: string,
  read: (text: string) => Json,
): Command {
  const argument: Argument = new Argument(name, description).argParser((text): Json => {
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      return command.error(`error: the argument '${argument.name()}' is invalid. ${error.message}`);
    }
  });
  return command.addArgument(argument);
}

/**
 * JSON, or the text itself: what begins like an object, an array, a string or a file must be one, so that a slip in it is
 * found here and not by whoever gets it. @throws InvalidArgumentError
 */
export function jsonOrText(text: string): Json {
  if (/^\s*[[{"]|^@\S+$/.test(text)) return json(text);
  try {
    return parseStrictJson(text) as Json;
  } catch {
    return text;
  }
}

/** Gathers `key=value` pairs; a value that is JSON is that value. @throws InvalidArgumentError */
export function pair(text: string, before: Readonly<Record<string, Json>> = {}): Record<string, Json> {
  const cut = text.indexOf('=');
  const name = text.slice(0, cut);
  if (cut < 1 || name === '__proto__' || Object.hasOwn(before, name))
    throw new InvalidArgumentError('It must be key=value, each key once.');
  return { ...before, [name]: jsonOrText(text.slice(cut + 1)) };
}

/** Lower case on the command line, as the catalogue writes it in the request. */
export const choice = (flags: string, description: string, choices: readonly string[]): Option =>
  new Option(flags, `${description}: ${choices.join(', ')}`).argParser((text) => {
    const found = choices.find((name) => name.toLowerCase() === text.toLowerCase());
    if (found === undefined) throw new InvalidArgumentError(`Allowed: ${choices.join(', ')}.`);
    return found;
  });

/** The name of a type of agents, in any case. @throws InvalidArgumentError */
export function agentTypeName(text: string): string {
  const name = text.toUpperCase();
  if (agentType.safeParse(name).success) return name;
  throw new InvalidArgumentError('It must be 2–32 letters, digits and _, beginning with a letter.');
}
