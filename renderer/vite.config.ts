import { fileURLToPath } from 'node:url';
import { LICENCES_FILE } from '@genba/shared/local-api/licences';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { thirdPartyLicences } from '../tools/third-party-licences.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Modules that one of the pages alone has, and those of the window. */
const OF_ONE_PAGE = /[\\/]renderer[\\/](desktop|demo)[\\/]/;
const OF_WINDOW = /[\\/]renderer[\\/]desktop[\\/]/;

/** Writes down whose work is in the product, for the window to show. */
function licenceList(): Plugin {
  return {
    name: 'licence-list',
    generateBundle() {
      const source = JSON.stringify(thirdPartyLicences());
      this.emitFile({ type: 'asset', fileName: LICENCES_FILE, source });
    },
  };
}

/**
 * Two pages, one set of assets. Addresses are relative, so that the same files work behind the shell's own
 * protocol, on the agent's loopback address and on the demo's.
 */
export default defineConfig({
  root: here('.'),
  base: './',
  plugins: [react(), licenceList()],
  build: {
    outDir: here('./dist'),
    emptyOutDir: true,
    // The oldest engine the shell runs on is Chromium 130.
    target: 'chrome130',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      input: { desktop: here('./desktop/index.html'), demo: here('./demo/index.html') },
      output: {
        // What a page needs to show anything is two files, not thirty: in the window each is handed out by a call into
        // the shell's own process, and holds up the first paint.
        codeSplitting: {
          groups: [
            { name: 'common', tags: ['$initial'], test: (id) => !OF_ONE_PAGE.test(id), priority: 2 },
            { name: 'window', tags: ['$initial'], test: OF_WINDOW, priority: 1 },
          ],
        },
      },
    },
  },
});
