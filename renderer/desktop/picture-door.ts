import { type PictureSize, pictureAddress, pictureKeyText } from '@genba/shared/local-api/pictures';

/** Where an agent shows its pictures, and the key to them. */
export interface PictureDoor {
  readonly agentAddress: string;
  readonly key: string;
}

/** The way to the pictures of an agent. The key is made from its token, which must not stand in addresses. */
export async function openPictureDoor(agentAddress: string, token: string): Promise<PictureDoor> {
  const text = new TextEncoder().encode(pictureKeyText(token));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
  return { agentAddress, key: [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('') };
}

/** Address of one picture. */
export function pictureFrom({ agentAddress, key }: PictureDoor, picture: string, size: PictureSize): string {
  return pictureAddress(agentAddress, { picture, size, key });
}
