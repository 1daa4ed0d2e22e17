/**
 * How an update travels. `float32`: the client's weights W as they are. The others carry the delta δ = W − S in fewer
 * bits, because the same bits spent on W would lose what the client has learnt; see `encodeUpdate`.
 */
export const UPDATE_ENCODINGS = ['float32', 'float16', 'int8'] as const;

export type UpdateEncoding = (typeof UPDATE_ENCODINGS)[number];

/** The encodings of a delta: whoever decodes them needs S. */
export type DeltaEncoding = Exclude<UpdateEncoding, 'float32'>;
