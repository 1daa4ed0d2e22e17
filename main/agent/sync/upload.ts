import { encodeDataFrame } from '@genba/shared/protocol/data-frame';
import { SEND_WINDOW_BYTES } from '@genba/shared/protocol/limits';
import type { WebSocket } from 'ws';
import type { RunningDelivery } from '../store/ledger.ts';
import type { RateLimit } from './rate-limit.ts';

/** How often a full socket is looked at again, milliseconds. */
const WINDOW_POLL_MS = 5;

/** A range of bytes to send as data frames. */
export interface Upload {
  readonly transfer: number;
  /** First byte the aggregator still needs. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** Payload of each frame, bytes. */
  readonly frameBytes: number;
  /** Where it is entered that these bytes leave this PC. */
  readonly limit: RateLimit;
  readonly delivery: RunningDelivery;
  /** The system has taken a frame: the link carries something. */
  readonly onTaken: () => void;
}

/**
 * Sends the rest of an update, never more than a window ahead of the network. Ends early, without error, when the
 * socket closes: the next connection resumes where the aggregator's file ends.
 */
export async function sendUpload(socket: WebSocket, upload: Upload): Promise<void> {
  const { transfer, bytes, frameBytes, limit, delivery, onTaken } = upload;
  let isTaken = Promise.resolve(true);
  for (let offset = upload.offset; offset < bytes.byteLength; offset += frameBytes) {
    while (socket.readyState === socket.OPEN && socket.bufferedAmount > SEND_WINDOW_BYTES) {
      await new Promise((resolve) => setTimeout(resolve, WINDOW_POLL_MS));
    }
    if (socket.readyState !== socket.OPEN) return delivery.breakOff();
    const payload = bytes.subarray(offset, Math.min(offset + frameBytes, bytes.byteLength));
    delivery.add(payload.byteLength);
    isTaken = send(socket, encodeDataFrame({ transfer, offset, payload }), onTaken);
    const waitMs = limit.take(payload.byteLength, performance.now());
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  if (await isTaken) delivery.complete();
  else delivery.breakOff();
}

/** Resolves when the system has taken a frame (and with it all before it), or never will. */
function send(socket: WebSocket, frame: Uint8Array, onTaken: () => void): Promise<boolean> {
  return new Promise((resolve) => {
    socket.send(frame, (error) => {
      const isTaken = error === undefined || error === null;
      if (isTaken) onTaken();
      resolve(isTaken);
    });
  });
}
