import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { releaseFolder } from '../testing/release-folder.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { publish, setShare, withdraw } from './publish.ts';
import { readPublished } from './published.ts';

async function published(version: string, folder: string, sharePercent = 100) {
  const release = await releaseFolder(version);
  await publish({ folder, from: release.from, sharePercent });
  return release;
}

const newFolder = async () => join(await temporaryFolder(), '更新');
const versions = async (folder: string) =>
  (await readPublished(folder)).map(({ release, earlier }) => [release.version, earlier?.version ?? null]);

describe('publishing a version of the app', () => {
  it('takes channel file, installer and block map over as they are', async () => {
    const folder = await newFolder();
    const { from, name, installer } = await published('0.2.0', folder);
    expect(await readFile(join(folder, 'latest.yml'), 'utf8')).toBe(
      await readFile(join(from, 'latest.yml'), 'utf8'),
    );
    expect(await readFile(join(folder, name))).toEqual(installer);
    expect((await readdir(folder)).sort()).toEqual(
      [name, `${name}.blockmap`, 'earlier', 'latest.yml'].sort(),
    );
  });

  it('offers it to a share of the PCs, and later to all', async () => {
    const folder = await newFolder();
    await published('0.2.0', folder, 10);
    expect(await readFile(join(folder, 'latest.yml'), 'utf8')).toContain('stagingPercentage: 10\n');
    expect((await readPublished(folder))[0]!.release.sharePercent).toBe(10);
    await setShare(folder, 100);
    expect(await readFile(join(folder, 'latest.yml'), 'utf8')).not.toContain('stagingPercentage');
  });

  it('keeps the version before and no older one, and goes back to it', async () => {
    const folder = await newFolder();
    const first = await published('0.2.0', folder);
    const second = await published('0.3.0', folder);
    const third = await published('0.10.0', folder);
    expect(await versions(folder)).toEqual([['0.10.0', '0.3.0']]);
    const names = await readdir(folder);
    expect(names).not.toContain(first.name);
    expect(names).toEqual(expect.arrayContaining([second.name, third.name]));

    expect((await withdraw(folder)).map(({ release }) => release.version)).toEqual(['0.10.0']);
    expect(await versions(folder)).toEqual([['0.3.0', null]]);
    expect(await readdir(folder)).not.toContain(third.name);
    await withdraw(folder);
    expect(await versions(folder)).toEqual([]);
    await expect(withdraw(folder)).rejects.toMatchObject({ code: 'updates/none' });
    await expect(setShare(folder, 5)).rejects.toMatchObject({ code: 'updates/none' });
  });

  it.each(['0.2.0', '0.1.9'])('refuses %s where 0.2.0 is offered', async (version) => {
    const folder = await newFolder();
    await published('0.2.0', folder);
    await expect(published(version, folder)).rejects.toMatchObject({
      code: 'updates/not-newer',
      detail: `latest.yml: ${version}, offered now: 0.2.0`,
    });
    expect(await versions(folder)).toEqual([['0.2.0', null]]);
  });

  it.each([
    ['no channel file', (from: string) => rm(join(from, 'latest.yml')), /no latest\.yml/],
    ['a missing installer', (from: string, name: string) => rm(join(from, name)), /which is missing/],
    [
      'another installer than the one named',
      (from: string, name: string) => writeFile(join(from, name), 'something else'),
      /is not the file that latest\.yml names/,
    ],
    [
      'a channel file that is none',
      (from: string) => writeFile(join(from, 'latest.yml'), '"\n: {'),
      /^latest\.yml: /,
    ],
    [
      'a channel file that points elsewhere',
      async (from: string, name: string) => {
        const text = await readFile(join(from, 'latest.yml'), 'utf8');
        await writeFile(join(from, 'latest.yml'), text.replaceAll(name, `../${name}`));
      },
      /files: 0: url: must be the plain name/,
    ],
    [
      'an enormous channel file',
      (from: string) => writeFile(join(from, 'latest.yml'), '#'.repeat(100_000)),
      /100000 bytes/,
    ],
  ])('refuses a folder with %s, and changes nothing', async (_what, spoil, detail) => {
    const folder = await newFolder();
    await published('0.2.0', folder);
    const before = (await readdir(folder)).sort();
    const { from, name } = await releaseFolder('0.3.0');
    await spoil(from, name);
    await expect(publish({ folder, from, sharePercent: 100 })).rejects.toMatchObject({
      code: 'updates/unusable',
      detail: expect.stringMatching(detail),
    });
    expect((await readdir(folder)).sort()).toEqual(before);
    expect(await versions(folder)).toEqual([['0.2.0', null]]);
  });

  it('is repeated after it was cut off between installer and channel file', async () => {
    const folder = await newFolder();
    await published('0.2.0', folder);
    const { from, name, installer } = await releaseFolder('0.3.0');
    await writeFile(join(folder, `${name}.temporary`), installer.subarray(0, 10));
    await writeFile(join(folder, name), installer);
    expect(await versions(folder)).toEqual([['0.2.0', null]]);
    await publish({ folder, from, sharePercent: 100 });
    expect(await versions(folder)).toEqual([['0.3.0', '0.2.0']]);
    expect(await readdir(folder)).not.toContain(`${name}.temporary`);
  });
});
