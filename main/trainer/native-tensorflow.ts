import { createRequire } from 'node:module';
import { restoreLegacyUtil } from './legacy-util.ts';

/** Strings to the type checker, so that types can be checked where these optional packages are missing. */
const TFJS_NODE: string = '@tensorflow/tfjs-node';
/** The same for CUDA: whoever has installed it beside means it to be used. */
const TFJS_NODE_GPU: string = '@tensorflow/tfjs-node-gpu';

/**
 * Loads native TensorFlow (tfjs-node-gpu where it is installed, tfjs-node otherwise), which registers itself as tfjs
 * backend `tensorflow`.
 * @throws what the loader throws where the optional package or its native library is missing
 */
export async function loadNativeTensorflow(): Promise<void> {
  // TensorFlow's own log line about CPU features would go to stderr at every start.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  restoreLegacyUtil();
  await import(nativePackage());
}

/** The package that native TensorFlow comes from, installed or not. */
export function nativePackage(): string {
  return isInstalled(TFJS_NODE_GPU) ? TFJS_NODE_GPU : TFJS_NODE;
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}
