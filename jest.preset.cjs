const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const swcrc = JSON.parse(readFileSync(join(__dirname, '.swcrc'), 'utf8'));
delete swcrc.exclude;

// ESM-only packages, which jest (CommonJS) must transform.
const esmOnly = ['@noble', '@scure', '@seriousme', 'jose', 'uuid'].join('|');

/** One configuration for every project; `CONCORDAT_TEST_LEVEL` (unit, int, e2e) narrows it to one level. */
module.exports = (dir) => {
  const level = process.env.CONCORDAT_TEST_LEVEL;
  const patterns = {
    unit: ['**/!(*.int|*.e2e).spec.ts'],
    int: ['**/*.int.spec.ts'],
    e2e: ['**/*.e2e.spec.ts'],
  };
  return {
    displayName: require(join(dir, 'package.json')).nx.name,
    rootDir: dir,
    globalSetup: join(__dirname, 'jest.stores.cjs'),
    testEnvironment: 'node',
    testMatch: (patterns[level] ?? ['**/*.spec.ts']).map((glob) => `<rootDir>/src/${glob}`),
    transform: { '^.+\\.[cm]?[tj]s$': ['@swc/jest', { ...swcrc, swcrc: false, sourceMaps: true }] },
    transformIgnorePatterns: [`/node_modules/(?!(${esmOnly})/)`],
    testEnvironmentOptions: { customExportConditions: ['@concordat/source', 'node', 'require', 'default'] },
    moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  };
};
