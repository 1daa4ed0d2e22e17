const { rm } = require('node:fs/promises');
const { join } = require('node:path');

/**
 * Removes the program that an unpacked Electron brings along to show itself: ours comes from the archive alone. An
 * Electron that was downloaded brings none.
 * @param {import('electron-builder').AfterPackContext} context
 */
module.exports = async ({ appOutDir, packager }) => {
  await rm(join(packager.getResourcesDir(appOutDir), 'app'), { recursive: true, force: true });
};
