import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { licenceFileSchema } from '@genba/shared/local-api/licences';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { thirdPartyLicences } from './third-party-licences.ts';

describe('the licences of what we ship', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'genba 許諾 '));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (packages: object) =>
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages }));
  const install = (path: string, file: string, text: string) => {
    mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, path, file), text);
  };

  it('are read from lock file and packages, each text once, without tools and our own', () => {
    write({
      '': { version: '0.1.0', license: 'Apache-2.0' },
      shared: { version: '0.1.0' },
      'node_modules/@genba/shared': { resolved: 'shared', link: true },
      'node_modules/b': { version: '1.0.0', license: 'MIT' },
      'node_modules/b/node_modules/@scope/a': { version: '2.0.0', license: 'ISC' },
      'node_modules/elsewhere': { version: '3.0.0', license: 'BSD-3-Clause', optional: true },
      'node_modules/tool': { version: '4.0.0', license: 'MIT', dev: true },
      'node_modules/electron': { version: '5.0.0', license: 'MIT', dev: true },
    });
    install('node_modules/b', 'LICENSE', 'Do what you like.\n');
    install('node_modules/b/node_modules/@scope/a', 'licence.md', 'Do what you like.');
    install('node_modules/electron', 'README.md', 'No licence here.');
    expect(licenceFileSchema.parse(thirdPartyLicences(folder))).toEqual({
      packages: [
        { name: '@scope/a', version: '2.0.0', licence: 'ISC', texts: [0] },
        { name: 'b', version: '1.0.0', licence: 'MIT', texts: [0] },
        { name: 'electron', version: '5.0.0', licence: 'MIT', texts: [] },
        { name: 'elsewhere', version: '3.0.0', licence: 'BSD-3-Clause', texts: [] },
      ],
      texts: ['Do what you like.'],
    });
  });

  it('stop the build where a package names none', () => {
    write({ 'node_modules/b': { version: '1.0.0' } });
    expect(() => thirdPartyLicences(folder)).toThrow('node_modules/b names no licence');
  });

  it('are all known of this very checkout', () => {
    const names = thirdPartyLicences().packages.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['react', 'better-sqlite3', '@mantine/core', 'electron', 'node']),
    );
    expect(names.some((name) => name.startsWith('@genba/'))).toBe(false);
  });
});
