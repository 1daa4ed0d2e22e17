/** The thread that proves updates; started by `startProverThread`. */
import { answerCalls } from '../threads/answer-calls.ts';
import { proveUpload } from './prove-upload.ts';

answerCalls({ proof: { prove: proveUpload } });
