/**
 * Longest message between a window, or a command, and the agent on the same PC, characters: one photograph of a camera on a
 * line, in base64, and some room. Nobody gets so far without the agent's token.
 */
export const MAX_LOCAL_FRAME_CHARACTERS = 32 * 1024 * 1024;

/** Largest picture in a message, bytes. */
export const MAX_SENT_PICTURE_BYTES = 20 * 1024 * 1024;
