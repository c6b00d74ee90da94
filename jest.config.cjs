const { readdirSync, existsSync } = require('node:fs');
const { join } = require('node:path');

/** All projects in one run: `npx jest` at the root; `./concordat test` narrows it by level. */
const projects = ['libs', 'apps', 'tools']
  .filter((folder) => existsSync(join(__dirname, folder)))
  .flatMap((folder) =>
    readdirSync(join(__dirname, folder))
      .map((name) => join(__dirname, folder, name))
      .filter((dir) => existsSync(join(dir, 'jest.config.cjs'))),
  );

// A test timeout counts only at the root, not in a project.
module.exports = { projects, testTimeout: process.env.CONCORDAT_TEST_LEVEL === 'unit' ? 10_000 : 120_000 };
