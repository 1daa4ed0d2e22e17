import type { AgentStatus } from '@genba/shared/local-api/messages';

/**
 * What of an agent's status helps IT: states, counts and times. Chosen one by one, so that what is added to the status
 * later stays out until somebody has thought about it: no name of a class, column, file or plant, no figure of data.
 */
export function statusExtract(status: AgentStatus): object {
  const { appVersion, clientId, phase, standstill, schedule, problem, notice, network, security } = status;
  const { identity, backend, dataset, round, roundLimit, queue, held, disk, base } = status;
  return {
    ...{ appVersion, clientId, phase, standstill, schedule, notice, network, security },
    problem: problem?.code ?? null,
    identity: identity && {
      taskId: identity.taskId,
      servers: identity.servers,
      enrolledAt: identity.enrolledAt,
      keyCreatedAt: identity.keyCreatedAt,
    },
    backend,
    taskId: status.task?.id ?? null,
    taskInput: status.task?.input ?? null,
    dataset: dataset && {
      training: dataset.training,
      validation: dataset.validation,
      skipped: dataset.skipped,
      classCount: dataset.classes.length,
      readAt: dataset.readAt,
      isReachable: dataset.isReachable,
    },
    isReading: status.reading !== null,
    isDriftNoticed: status.drift !== null,
    round: round && { number: round.number, batch: round.batch, batches: round.batches },
    ...{ roundLimit, queue, held, disk, base },
    refused: status.refused.map(({ code, rounds, refusedAt }) => ({ code, rounds, refusedAt })),
    historyPoints: status.history.length,
  };
}
