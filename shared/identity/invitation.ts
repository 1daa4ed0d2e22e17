import { z } from 'zod';
import { AppError } from '../errors/app-error.ts';
import { enrolmentCode } from './wire-types.ts';

/** Version of invitations this code writes. */
export const INVITATION_VERSION = 1;

/** Ending of an invitation's file name. */
export const INVITATION_FILE_EXTENSION = '.genba-invite';

/** Largest invitation that is read at all, characters. */
export const MAX_INVITATION_LENGTH = 16 * 1024;

/** Beginning of an invitation as a link. */
export const INVITATION_LINK_START = 'genba://enrol?';
const MAX_PORT = 65_535;

/** `wss://HOST:PORT` in lower case; HOST is a name, an IPv4 address or an IPv6 address in brackets. */
export const serverAddress = z
  .string()
  .max(300)
  .regex(/^wss:\/\/(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?):[1-9]\d{0,4}$/, 'wss://host:port')
  .refine((address) => Number(address.slice(address.lastIndexOf(':') + 1)) <= MAX_PORT, 'port up to 65535');

const invitationSchema = z.strictObject({
  version: z.literal(INVITATION_VERSION),
  /** Where the aggregator answers, best first. */
  servers: z.array(serverAddress).min(1).max(8),
  /** sha256 of the DER of the top certificate of the chain that the aggregator presents: its anchor. */
  certificate: z.string().regex(/^[0-9a-f]{64}$/, 'sha256 in lower-case hexadecimal'),
  code: enrolmentCode,
  taskId: z.string().min(1).max(64),
  plantName: z.string().min(1).max(100),
  /** ISO 8601 in UTC; the code is refused from then on. */
  expiresAt: z.iso.datetime(),
});

/** What a plant PC needs to find its aggregator, to recognise it and to be let in once. */
export type Invitation = z.output<typeof invitationSchema>;

const anyVersion = z.looseObject({ version: z.int().min(1) });

/** An invitation as the content of a file. */
export function invitationFile(invitation: Invitation): string {
  return `${JSON.stringify(invitation, null, 2)}\n`;
}

/** An invitation as a link, short enough for a QR code. */
export function invitationLink(invitation: Invitation): string {
  const { version, servers, certificate, code, taskId, plantName, expiresAt } = invitation;
  const pairs: [string, string][] = [
    ['v', `${version}`],
    ...servers.map((server): [string, string] => ['server', server]),
    ['certificate', certificate],
    ['code', code],
    ['task', taskId],
    ['plant', plantName],
    ['expires', expiresAt],
  ];
  return (
    INVITATION_LINK_START + pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')
  );
}

/**
 * Reads an invitation, given as a link or as the content of a file.
 * @param now whether it has expired is judged by this clock
 * @throws AppError `invitation/broken` (neither, or cut short), `invitation/newer-version`, `invitation/expired`
 */
export function readInvitation(text: string, now: Date): Invitation {
  const content = contentOf(text.trim());
  const { version } = proven(anyVersion, content);
  if (version > INVITATION_VERSION) {
    throw new AppError('invitation/newer-version', { detail: `version ${version}` });
  }
  const invitation = proven(invitationSchema, content);
  if (Date.parse(invitation.expiresAt) <= now.getTime()) {
    throw new AppError('invitation/expired', { detail: invitation.expiresAt });
  }
  return invitation;
}

function contentOf(text: string): unknown {
  if (text.length > MAX_INVITATION_LENGTH) throw new AppError('invitation/broken', { detail: 'too long' });
  try {
    return text.startsWith(INVITATION_LINK_START)
      ? contentOfLink(text.slice(INVITATION_LINK_START.length))
      : JSON.parse(text);
  } catch (cause) {
    throw new AppError('invitation/broken', { detail: 'neither a link nor a file', cause });
  }
}

/** @throws URIError on broken percent signs */
function contentOfLink(query: string): unknown {
  const values = Map.groupBy(
    query.split('&').map((pair) => pair.split('=')),
    ([name]) => name!,
  );
  const all = (name: string) => values.get(name)?.map(([, value]) => decodeURIComponent(value ?? '')) ?? [];
  // A name given twice fits no schema.
  const one = (name: string) => (all(name).length === 1 ? all(name)[0] : undefined);
  const version = one('v');
  return {
    version: version === undefined ? undefined : Number(version),
    servers: all('server'),
    certificate: one('certificate'),
    code: one('code'),
    taskId: one('task'),
    plantName: one('plant'),
    expiresAt: one('expires'),
  };
}

function proven<Content>(schema: z.ZodType<Content>, content: unknown): Content {
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  // Names of fields only: the code is a secret.
  const detail = [...new Set(parsed.error.issues.map(({ path }) => path.join('.') || 'content'))].join(', ');
  throw new AppError('invitation/broken', { detail });
}
