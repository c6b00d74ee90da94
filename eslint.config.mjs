import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** Import directions (docs/principles.md): every room names the rooms it may enter. */
const rooms = {
  contracts: [],
  crypto: [],
  policy: ['contracts'],
  schema: ['contracts', 'crypto'],
  processes: [],
  sqlite: ['contracts', 'crypto'],
  keystore: ['contracts', 'crypto', 'sqlite'],
  runtime: ['contracts'],
  eventsourcing: ['contracts', 'crypto', 'keystore', 'sqlite'],
  streams: ['contracts', 'crypto', 'processes'],
  service: ['contracts', 'crypto', 'processes', 'runtime', 'sqlite', 'keystore', 'eventsourcing', 'streams'],
  directory: ['contracts', 'crypto', 'runtime', 'streams', 'service', 'policy'],
  testing: ['contracts', 'crypto', 'processes', 'runtime', 'streams'],
  sdk: ['contracts', 'crypto'],
  'audit-export': ['contracts', 'crypto'],
};

const noIo = [
  'fs',
  'fs/promises',
  'net',
  'http',
  'https',
  'child_process',
  'worker_threads',
  'os',
  'timers',
  'process',
  'crypto',
];

export default [
  {
    ignores: [
      '**/dist/**',
      '**/out-tsc/**',
      '**/node_modules/**',
      '**/coverage/**',
      '.nx/**',
      '.concordat/**',
      'tmp/**',
    ],
  },
  ...tseslint.configs.strict,
  {
    files: ['**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { module: 'readonly', require: 'readonly', __dirname: 'readonly', process: 'readonly' },
    },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  { plugins: { '@nx': nx } },
  {
    files: ['**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: true,
          // A thread is started from the built file of its own library, which the name finds from sources and from dist alike.
          allow: ['^@concordat/sqlite/[a-z]+-worker$'],
          depConstraints: [
            { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:lib'] },
            { sourceTag: 'type:tool', onlyDependOnLibsWithTags: ['type:lib'] },
            { sourceTag: 'type:lib', onlyDependOnLibsWithTags: ['type:lib'] },
            ...Object.entries(rooms).map(([room, allowed]) => ({
              sourceTag: `room:${room}`,
              onlyDependOnLibsWithTags: allowed.map((name) => `room:${name}`),
            })),
          ],
        },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
      'max-lines-per-function': ['error', { max: 70, skipComments: true }],
      'no-console': 'error',
      eqeqeq: 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only config.ts reads the environment.' },
        { object: 'Math', property: 'random', message: 'Randomness comes in as an argument.' },
      ],
    },
  },
  { files: ['**/config.ts', '**/environment.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    // Deciders are pure: time, ids and randomness come in with the command.
    files: ['**/*.decider.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            // Whole names: as a group, `crypto` would mean @concordat/crypto too, which is pure.
            { regex: `^(node:.+|${noIo.join('|')})$`, message: 'Deciders do no I/O.' },
            {
              group: [
                '@nestjs/*',
                '@concordat/streams',
                '@concordat/runtime',
                '@concordat/sqlite',
                '@concordat/keystore',
              ],
              message: 'Deciders import contracts, crypto and the Decider type only.',
            },
          ],
        },
      ],
      'no-restricted-globals': [
        'error',
        'Date',
        'setTimeout',
        'setInterval',
        'fetch',
        'process',
        'performance',
        'crypto',
      ],
    },
  },
  {
    // The crypto library reads no clock.
    files: ['libs/crypto/src/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        'Date',
        'setTimeout',
        'setInterval',
        'fetch',
        'process',
        'performance',
      ],
    },
  },
  {
    files: ['**/*.spec.ts', '**/*.conformance.ts'],
    rules: { 'max-lines-per-function': 'off', '@typescript-eslint/no-empty-function': 'off' },
  },
];
