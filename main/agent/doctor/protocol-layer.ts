import { AppError } from '@genba/shared/errors/app-error';
import { ERROR_CATALOGUE, type ErrorCode } from '@genba/shared/errors/catalogue';
import { PROTOCOL_VERSION } from '@genba/shared/protocol/limits';
import { converse, examinationHello, type Said } from './conversation.ts';
import { codeOf, TOO_LATE } from './in-time.ts';
import { type Finding, failed, type Layer, passed } from './layer.ts';
import type { Way } from './way.ts';

/** Whether what answers keeps to genba.v1, in a version that this program speaks, and as well protected as it must be. */
export const protocolLayer: Layer<Way> = {
  layer: 'protocol',
  async examine(way) {
    try {
      return verdictOn(way, await converse(way, examinationHello(way)));
    } catch (thrown) {
      const code = thrown instanceof AppError ? thrown.code : codeOf(thrown);
      if (code === 'task/app-too-old') return refused(way, code, {});
      if (code === TOO_LATE) return failed('protocol/silent', way.values, { code });
      return failed('protocol/not-genba', { ...way.values, code }, { code });
    }
  },
};

function verdictOn(way: Way, said: Said): Finding {
  switch (said.type) {
    case 'challenge': {
      const { nonce, serverTime } = said;
      const receivedAt = way.network.now().getTime();
      way.asked = { nonce: Buffer.from(nonce, 'base64url'), serverTime, receivedAt };
      return passed({ protocol: PROTOCOL_VERSION });
    }
    case 'welcome': {
      const measured = { protocol: said.protocol, task: said.task.id };
      // Whoever has TLS has keys as well: an aggregator that does not ask for them is none of ours.
      return way.isEncrypted ? failed('protocol/unprotected', way.values, measured) : passed(measured);
    }
    case 'error': {
      const { code, detail } = said;
      const measured = { code, ...(detail === null ? {} : { kind: detail }) };
      if (code === 'protocol/unsupported-version') {
        return failed('protocol/version', { ...way.values, mine: `genba.v${PROTOCOL_VERSION}` }, measured);
      }
      return refused(way, code, measured);
    }
  }
}

function refused(way: Way, code: ErrorCode, measured: Readonly<Record<string, string>>): Finding {
  const { en, ja } = ERROR_CATALOGUE[code];
  const reason = { code, 'reason-en': en, 'reason-ja': ja };
  return failed('protocol/refused', { ...way.values, ...reason }, { code, ...measured });
}
