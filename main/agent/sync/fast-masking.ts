/**
 * Gives ws a fast masking of frames: it takes `http.websocketMask` and `websocketUnmask` where Node has them, and looks
 * for them when it is loaded. Node 24 lacks them. So this must be imported before ws; later, it changes nothing.
 */
import http from 'node:http';
import { mask, unmask } from '@genba/shared/protocol/websocket-mask';

const hooks: { websocketMask?: typeof mask; websocketUnmask?: typeof unmask } = http as object;
hooks.websocketMask ??= mask;
hooks.websocketUnmask ??= unmask;
