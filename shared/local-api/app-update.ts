/**
 * Status of the agent's answer where it cannot ask the aggregator for a file of an update; the status text is the error
 * code.
 */
export const RELAY_PROBLEM_STATUS = 502;
