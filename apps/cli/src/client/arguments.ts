import { readFileSync } from 'node:fs';
import { ConcordatError, parseStrictJson } from '@concordat/contracts';
import { InvalidArgumentError, Option } from 'commander';

type Json = ReturnType<typeof JSON.parse>;

/** For options and arguments that are numbers. @throws InvalidArgumentError: the call was wrong */
export const wholeNumber =
  (lowest: number, highest: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d{1,15}$/.test(text) && value >= lowest && value <= highest) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${lowest} to ${highest}.`);
  };

/** JSON as the gateway would take it; `@file` reads it from a file. @throws InvalidArgumentError */
export function json(text: string): Json {
  try {
    return parseStrictJson(text.startsWith('@') ? readFileSync(text.slice(1)) : text) as Json;
  } catch (error) {
    const reason = error instanceof ConcordatError ? error.detail : (error as Error).message;
    throw new InvalidArgumentError(`${reason} Text is JSON in double quotes: '"like this"'.`);
  }
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
