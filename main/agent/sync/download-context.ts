import { DATA_CHUNK_BYTES } from '@genba/shared/protocol/limits';
import type { ClientMessage } from '@genba/shared/protocol/messages';
import type { ClientStore } from '../store/client-store.ts';
import type { RateLimit } from './rate-limit.ts';
import type { TransferPace } from './transfer-pace.ts';

/** What every download needs of its conversation. */
export interface DownloadContext {
  readonly dataFolder: string;
  readonly client: ClientStore;
  /** What is known of the link. */
  readonly pace: TransferPace;
  readonly limit: RateLimit;
  readonly say: (message: ClientMessage) => void;
}

/** How large the data frames of a download are to be, as a request says it; nothing where the usual size is right. */
export function frameWish({ pace, limit }: DownloadContext): { readonly frameBytes?: number } {
  const frameBytes = Math.min(pace.frameBytes, limit.frameBytes);
  return frameBytes === DATA_CHUNK_BYTES ? {} : { frameBytes };
}
