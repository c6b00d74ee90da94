import { ConcordatError, limits } from '@concordat/contracts';

/** What the most used passwords are made of; those shorter than twelve characters are refused by their length. */
const common = [
  ...[
    'password',
    'passwort',
    'passw0rd',
    'p@ssword',
    'p@ssw0rd',
    'motdepasse',
    'contrasena',
    'letmein',
    'welcome',
  ],
  ...[
    'qwerty',
    'qwertz',
    'azerty',
    'qwertyuiop',
    'qwertzuiop',
    'asdfghjkl',
    'zxcvbnm',
    'yxcvbnm',
    '1q2w3e4r5t6y',
  ],
  ...[
    '1q2w3e4r',
    '1qaz2wsx3edc',
    '1qaz2wsx',
    'qazwsxedc',
    'q1w2e3r4t5y6',
    'iloveyou',
    'ichliebedich',
    'princess',
  ],
  ...[
    'administrator',
    'admin',
    'administrador',
    'root',
    'superuser',
    'changeme',
    'default',
    'secret',
    'geheim',
  ],
  ...[
    'football',
    'baseball',
    'basketball',
    'sunshine',
    'dragon',
    'monkey',
    'master',
    'shadow',
    'superman',
    'batman',
  ],
  ...[
    'trustno1',
    'whatever',
    'starwars',
    'computer',
    'internet',
    'michelle',
    'jennifer',
    'liverpool',
    'chelsea',
  ],
  ...[
    'hello',
    'test',
    'user',
    'guest',
    'login',
    'access',
    'concordat',
    'abc123',
    'a1b2c3d4',
    'correcthorsebatterystaple',
  ],
];

/** Characters that must be left when the common and the personal is taken away. */
const ownCharacters = 6;

/** Words that belong to the person: the parts of the address and of the name, short ones aside. */
const wordsOf = (...texts: readonly (string | null)[]): string[] =>
  texts
    .flatMap((text) => [text ?? '', ...(text ?? '').split(/[^\p{L}\p{N}]+/u)])
    .filter((word) => word.length >= 4);

/** Steps between neighbours are all the same: `aaaa…`, `abcd…`, `9876…`. */
function isRun(text: string): boolean {
  const codes = [...text].map((character) => character.codePointAt(0)!);
  const step = codes[1]! - codes[0]!;
  return Math.abs(step) <= 1 && codes.every((code, i) => i === 0 || code - codes[i - 1]! === step);
}

/** The text is a shorter one, repeated. */
const isRepetition = (text: string): boolean => `${text}${text}`.indexOf(text, 1) < text.length;

/**
 * NIST SP 800-63B §5.1.1.2: long enough, not commonly used, not made of what everybody knows about the person; no rules
 * of composition. What was wrong is said in general words: the refusal is logged, the password is not.
 * @throws ConcordatError PASSWORD_UNACCEPTABLE
 */
export function requireGoodPassword(
  password: string,
  person: { readonly email: string | null; readonly name: string | null },
): void {
  const refuse = (detail: string): never => {
    throw new ConcordatError('PASSWORD_UNACCEPTABLE', detail);
  };
  if ([...password.normalize('NFKC')].length < limits.passwordCharacters)
    refuse(`The password must have at least ${limits.passwordCharacters} characters.`);
  if (Buffer.byteLength(password) > limits.passwordBytes)
    refuse(`The password must have at most ${limits.passwordBytes} bytes.`);
  const plain = password.normalize('NFKC').toLowerCase();
  if (isRun(plain) || isRepetition(plain) || new Set(plain).size < 5)
    refuse('The password is a row or a repetition of characters.');
  if (
    ownPart(
      plain,
      wordsOf(person.email, person.name).map((word) => word.toLowerCase()),
    ) < ownCharacters
  )
    refuse('The password is made of the email address or the name.');
  if (ownPart(plain, common) < ownCharacters) refuse('The password is a common one.');
}

/** How many characters that are not digits or signs at the ends remain when the words are taken out. */
function ownPart(password: string, words: readonly string[]): number {
  const longestFirst = [...words].sort((a, b) => b.length - a.length);
  const rest = longestFirst.reduce((text, word) => text.replaceAll(word, ' '), password);
  // Untouched by any word, every character is one's own.
  if (rest === password) return [...password].length;
  return [...rest.replace(/[\s\d\p{P}\p{S}]/gu, '')].length;
}
