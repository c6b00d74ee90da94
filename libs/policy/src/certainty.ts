/**
 * What is known of a requirement. An absent fact never helps the caller: in doubt a rule that allows does not
 * match, and a rule that denies does.
 */
export const no = 0;
export const unknown = 1;
export const yes = 2;
export type Certainty = typeof no | typeof unknown | typeof yes;

export const certainly = (holds: boolean): Certainty => (holds ? yes : no);
export const not = (certainty: Certainty): Certainty => (2 - certainty) as Certainty;
/** The rule's match, of a certainty that all its requirements have. */
export const isMatch = (effect: 'allow' | 'deny', certainty: Certainty): boolean =>
  effect === 'allow' ? certainty === yes : certainty !== no;
