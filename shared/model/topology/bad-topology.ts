/** Why a topology cannot be trained here: one sentence without a full stop, naming the layer and what to do. */
export class BadTopology extends Error {}
