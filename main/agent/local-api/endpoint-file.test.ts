import { chownSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { writeEndpointFile } from './endpoint-file.ts';
import { readEndpoint } from './find-agent.ts';

const ENDPOINT = { pid: 1, address: 'http://127.0.0.1:80', token: 'ab'.repeat(32) };
const OTHER_GROUP = 4242;

it.skipIf(process.platform === 'win32')(
  'is for its own account, unless a group is to open the window',
  async () => {
    const { root } = temporaryFolder();
    const mode = () => statSync(path.join(root, 'agent.json')).mode & 0o777;
    writeEndpointFile(root, ENDPOINT);
    expect(mode()).toBe(0o600);
    writeEndpointFile(root, ENDPOINT, 'group');
    expect(mode()).toBe(0o640);
    expect(await readEndpoint(root)).toEqual(ENDPOINT);
  },
);

it.skipIf(process.getuid?.() !== 0)('goes to the group of the data folder', () => {
  const { root } = temporaryFolder();
  chownSync(root, -1, OTHER_GROUP);
  writeEndpointFile(root, ENDPOINT, 'group');
  expect(statSync(path.join(root, 'agent.json')).gid).toBe(OTHER_GROUP);
  writeEndpointFile(root, ENDPOINT, 'account');
  expect(statSync(path.join(root, 'agent.json')).mode & 0o070).toBe(0);
});

it('leaves nothing behind when it cannot be written', () => {
  const { root } = temporaryFolder();
  writeEndpointFile(root, ENDPOINT);
  expect(readdirSync(root)).toEqual(['agent.json']);
  const other = temporaryFolder().root;
  // As with a full disk, it fails after the new file was begun.
  mkdirSync(path.join(other, 'agent.json', 'folder'), { recursive: true });
  expect(() => writeEndpointFile(other, ENDPOINT)).toThrow();
  expect(readdirSync(other)).toEqual(['agent.json']);
});
