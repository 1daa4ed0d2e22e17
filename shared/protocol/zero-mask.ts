/**
 * The masking key of a client's frames (RFC 6455, section 5.3), as `ws` asks for it: zero, so that nobody has to touch the
 * bytes. Masks keep the scripts of a web page from speaking to the caches of proxies on the way. Here no one on the way
 * sees a frame: beyond this computer all of it is TLS, pinned from end to end.
 */
export function zeroMask(key: Uint8Array): void {
  key.fill(0);
}
