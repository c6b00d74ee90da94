/** The options that hold for every command and take a value (src/context.ts); they may stand before its name. */
const WITH_VALUE = new Set(['--data', '-o', '--output']);

/**
 * Which command a command line means: its first word that is neither an option nor the value of one.
 * @param {readonly string[]} args without node and script
 * @returns {string | undefined}
 */
export function commandWord(args) {
  for (let at = 0; at < args.length; at += 1) {
    if (WITH_VALUE.has(args[at])) at += 1;
    else if (!args[at].startsWith('-')) return args[at];
  }
  return undefined;
}
