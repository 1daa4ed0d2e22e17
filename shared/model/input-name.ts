/** Name of the layer that takes the examples in. No other layer has it. */
export const INPUT_NAME = 'input';
