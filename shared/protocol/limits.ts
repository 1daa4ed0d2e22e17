/** Version of the wire protocol this code speaks. */
export const PROTOCOL_VERSION = 1;

/** Path of the WebSocket on the aggregator. */
export const WEBSOCKET_PATH = '/genba';

/** WebSocket subprotocol name, offered by the client and chosen by the server. */
export const WEBSOCKET_SUBPROTOCOL = 'genba.v1';

/** Largest JSON control frame, bytes. */
export const MAX_CONTROL_FRAME_BYTES = 64 * 1024;

/** Largest payload of a binary data frame, bytes: large enough to fill a link. */
export const DATA_CHUNK_BYTES = 256 * 1024;

/** Smallest payload that a receiver may ask for, bytes: what surrounds it stays about one percent. */
export const MIN_DATA_CHUNK_BYTES = 4 * 1024;

/** Anything larger is not even buffered: the WebSocket layer closes the connection with code 1009. */
export const HARD_FRAME_LIMIT_BYTES = 4 * 1024 * 1024;

/** How many bytes may wait in the socket before the sender pauses. */
export const SEND_WINDOW_BYTES = 4 * DATA_CHUNK_BYTES;

/**
 * How many bytes of answers may wait in the socket for a peer that asks and does not read. Transfers stay below their own
 * window, so nothing honest gets here.
 */
export const MAX_BACKLOG_BYTES = 4 * SEND_WINDOW_BYTES;

/** Time between two pings, milliseconds. A peer that misses one whole period is taken for dead. */
export const HEARTBEAT_MS = 10_000;

/** How long a peer waits for an answer it is due, milliseconds. */
export const REPLY_DEADLINE_MS = 30_000;
