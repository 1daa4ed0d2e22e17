// The import wall: which room may import which. Each rule has a planted violation in tools/wall.test.ts.
const ROOMS = ['shared', 'aggregator-server', 'main', 'renderer', 'demo', 'poc', 'bench', 'e2e', 'tools'];
const TESTS = '\\.test\\.tsx?$';

/** Own files of every room but the named ones. */
const everyRoomBut = (...rooms) => `^(${ROOMS.filter((room) => !rooms.includes(room)).join('|')})/`;

module.exports = {
  forbidden: [
    {
      name: 'shared-is-a-leaf',
      comment: 'shared is what both sides run: it may import nothing of ours',
      severity: 'error',
      from: { path: '^shared/', pathNot: TESTS },
      to: { path: everyRoomBut('shared') },
    },
    {
      name: 'shared-runs-anywhere',
      comment: 'shared runs in the browser too: no Node core modules',
      severity: 'error',
      from: { path: '^shared/', pathNot: TESTS },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'aggregator-stands-alone',
      comment: 'aggregator and plant meet only in shared, types included',
      severity: 'error',
      from: { path: '^aggregator-server/', pathNot: TESTS },
      to: { path: everyRoomBut('aggregator-server', 'shared') },
    },
    {
      name: 'main-stands-alone',
      comment: 'the plant PC’s processes meet the aggregator only in shared',
      severity: 'error',
      from: { path: '^main/', pathNot: TESTS },
      to: { path: everyRoomBut('main', 'shared') },
    },
    {
      name: 'renderer-stands-alone',
      comment: 'pages know the agent only through the contracts in shared',
      severity: 'error',
      from: { path: '^renderer/', pathNot: `${TESTS}|vite\\.config\\.ts$` },
      to: { path: everyRoomBut('renderer', 'shared') },
    },
    {
      name: 'renderer-is-a-browser',
      comment: 'the renderer is sandboxed: no Node core modules',
      severity: 'error',
      from: { path: '^renderer/', pathNot: `${TESTS}|vite\\.config\\.ts$` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'trainer-is-sealed',
      comment: 'the trainer may crash: it touches no queue, no network, no desktop',
      severity: 'error',
      from: { path: '^main/trainer/', pathNot: TESTS },
      to: { path: '^main/(agent|desktop|durable-file)/' },
    },
    {
      name: 'durable-files-stand-alone',
      comment: 'agent and shell both rest on them: they know neither, nor anything else of ours',
      severity: 'error',
      from: { path: '^main/durable-file/', pathNot: TESTS },
      to: { path: ['^main/(agent|desktop|trainer)/', everyRoomBut('main')] },
    },
    {
      name: 'agent-speaks-to-the-trainer-by-messages',
      comment: 'the trainer is another process: only its message types may be imported',
      severity: 'error',
      from: { path: '^main/agent/', pathNot: TESTS },
      to: { path: '^main/trainer/', pathNot: '^main/trainer/messages\\.ts$' },
    },
    {
      name: 'agent-needs-no-desktop',
      comment: 'the agent runs as a service, without a window',
      severity: 'error',
      from: { path: '^main/(agent|trainer)/', pathNot: TESTS },
      to: { path: '^main/desktop/' },
    },
    {
      name: 'desktop-is-a-thin-window',
      comment: 'the shell knows the agent by its local API, its data folder and its exit codes only',
      severity: 'error',
      from: { path: '^main/desktop/', pathNot: TESTS },
      to: {
        path: '^main/(agent|trainer)/',
        pathNot: '^main/agent/(data-folder|exit-codes|local-api/(find-agent|ask-agent))\\.ts$',
      },
    },
    {
      name: 'electron-only-in-desktop',
      comment: 'everything but the window must run without Electron',
      severity: 'error',
      from: { pathNot: '^(main/desktop|tools)/' },
      to: { path: 'node_modules/electron/' },
    },
    {
      name: 'tfjs-only-in-trainer',
      comment: 'tensors live in the trainer process, and where a merge worker judges by a check set',
      severity: 'error',
      from: {
        path: '^(shared|aggregator-server|renderer|main/agent|main/desktop)/',
        pathNot: `${TESTS}|^aggregator-server/check-set/`,
      },
      to: { path: 'node_modules/@tensorflow/' },
    },
    {
      name: 'no-cycles',
      comment: 'two files that need each other are one file, or one too many',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'nothing-unresolvable',
      comment: 'an import that cannot be found; @tensorflow/tfjs-node is optional and may be missing',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^@tensorflow/tfjs-node$' },
    },
  ],
  options: {
    // Without this only value imports are seen, and a forbidden type import would pass.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    // Anchored: an unanchored dist/ would also hide packages whose code lies in a folder of that name.
    exclude: { path: '^(renderer|main/desktop|aggregator-server)/dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
