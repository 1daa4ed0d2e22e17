import { MAX_INVITATION_LENGTH } from '@genba/shared/identity/invitation';
import { invitationLinkIn } from '@genba/shared/identity/invitation-link';
import { findQrText } from './qr-picture.ts';

/** Bytes a file of an invitation may have, whatever its encoding. */
const MAX_FILE_BYTES = 4 * MAX_INVITATION_LENGTH;

/** What a file that should be an invitation holds. */
export type FileContent =
  | { readonly kind: 'text'; readonly text: string }
  /** A picture without a readable QR code. */
  | { readonly kind: 'no-code' }
  /** Neither a picture nor short enough to be an invitation. */
  | { readonly kind: 'other' };

/** Reads an invitation from its file, or from a picture of its QR code. */
export async function readInvitationFile(file: Blob): Promise<FileContent> {
  if (file.type.startsWith('image/')) {
    const text = await findQrText(file);
    return text === null ? { kind: 'no-code' } : { kind: 'text', text };
  }
  if (file.size > MAX_FILE_BYTES) return { kind: 'other' };
  return { kind: 'text', text: decode(new Uint8Array(await file.arrayBuffer())) };
}

/** The text that the agent takes: a link in its plain form, anything else as it is. */
export function invitationTextIn(typed: string): string {
  return invitationLinkIn(typed) ?? typed.trim();
}

/** Text editors of Windows save as UTF-16, or put a mark before UTF-8. */
function decode(bytes: Uint8Array): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}
