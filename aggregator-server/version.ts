import manifest from './package.json' with { type: 'json' };

/** Version of the aggregator, as in its package.json. */
export const AGGREGATOR_VERSION: string = manifest.version;

/** Who wrote an exported model. */
export const GENERATED_BY = `Genba aggregator ${AGGREGATOR_VERSION}`;
