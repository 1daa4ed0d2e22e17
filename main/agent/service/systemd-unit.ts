import { EXIT_CODES, EXIT_USAGE } from '../exit-codes.ts';
import { SERVICE_STOP_SECONDS, type ServiceProgram, startArguments } from './service-program.ts';

/** Starting again does not help: somebody has to do something first. */
const FINAL_EXIT_CODES = [
  EXIT_USAGE,
  EXIT_CODES['startup/data-not-writable'],
  EXIT_CODES['store/newer-database'],
  EXIT_CODES['tls/required'],
];

/** A system unit of systemd that runs the agent with no more rights than it needs. */
export function systemdUnit(program: ServiceProgram): string {
  const { nodePath, cliPath, dataFolder, account } = program;
  const command = [nodePath, cliPath, ...startArguments(program)].map(commandWord).join(' ');
  return `# Genba agent: trains and syncs with nobody logged in. Guide: docs/service.md
[Unit]
Description=Genba agent
# Being offline is a state of the agent, so there is no network to wait for.
RequiresMountsFor=${quoted(dataFolder)}
StartLimitIntervalSec=0

[Service]
Type=exec
User=${literal(account)}
ExecStart=${command}
WorkingDirectory=${literal(dataFolder)}
# Stopped by "genba-agent stop", by SIGTERM, or because another agent took over, it ends with 0 and stays down.
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=${FINAL_EXIT_CODES.join(' ')}
# The agent gets the signal and ends its trainer itself.
KillMode=mixed
TimeoutStopSec=${SERVICE_STOP_SECONDS}
# A trainer that runs out of memory must not take the agent along.
OOMPolicy=continue
# One JSON line per event goes to the journal by standard error.
StandardOutput=null
StandardError=journal
SyslogIdentifier=genba-agent
UMask=0077

# It writes its data folder and nothing else; training data may lie anywhere its account may read.
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths=${quoted(dataFolder)}
PrivateTmp=yes
# Training on a GPU needs this line gone.
PrivateDevices=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
# Not set: MemoryDenyWriteExecute, since JavaScript and WebAssembly are compiled while they run.

[Install]
WantedBy=multi-user.target
`;
}

/** Percent signs begin specifiers everywhere in a unit. */
function literal(text: string): string {
  return text.replaceAll('%', '%%');
}

/** A path where systemd splits at spaces. */
function quoted(text: string): string {
  return `"${literal(text).replace(/["\\]/g, '\\$&')}"`;
}

/** A word of a command line, where dollar signs begin variables as well. */
function commandWord(text: string): string {
  return quoted(text).replaceAll('$', '$$$$');
}
