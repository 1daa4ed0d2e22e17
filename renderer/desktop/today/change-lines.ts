import { ERROR_CATALOGUE, type Language } from '@genba/shared/errors/catalogue';
import type { PlantChanges, Trouble } from '@genba/shared/local-api/changes';
import { driftSentence } from '@genba/shared/local-api/drift-sentences';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { TFunction } from 'i18next';
import type { Formats } from '../../ui/format.ts';
import type { ModelWords } from '../model/model-words.ts';

/** One thing that has changed, as a sentence. */
export interface ChangeLine {
  /** `attention`: somebody may have to do something; `good`: it is over, or as it should be. */
  readonly tone: 'plain' | 'attention';
  readonly text: string;
}

export interface ChangeWords {
  readonly t: TFunction<'window'>;
  readonly formats: Formats;
  readonly language: Language;
  readonly nowMs: number;
  readonly model: Pick<ModelWords, 'name' | 'score' | 'scoreKind'>;
}

/** What of the status belongs beside the changes: what is still on its way, and a warning that stands. */
export type ChangeSurroundings = Pick<AgentStatus, 'queue' | 'drift'>;

/** What has changed, one sentence each: what somebody may have to do first, then what was done. */
export function changeLines(
  changes: PlantChanges,
  surroundings: ChangeSurroundings,
  words: ChangeWords,
): ChangeLine[] {
  return [
    ...troubleLines(changes, words),
    ...driftLines(changes, surroundings, words),
    ...roundLines(changes, surroundings, words),
    ...scoreLines(changes, words),
    ...modelLines(changes, words),
    ...peopleLines(changes, words),
  ];
}

const plain = (text: string): ChangeLine => ({ tone: 'plain', text });
const attention = (text: string): ChangeLine => ({ tone: 'attention', text });

function troubleLines({ troubles }: PlantChanges, words: ChangeWords): ChangeLine[] {
  return troubles.map((trouble) => {
    const text = troubleText(trouble, words);
    return trouble.until === null ? attention(text) : plain(text);
  });
}

function troubleText({ what, from, until }: Trouble, { t, formats, language, nowMs }: ChangeWords): string {
  const begin = formats.moment(from, nowMs);
  if (what === 'offline') {
    if (until === null) return t('changes.offline.still', { from: begin });
    const time = formats.duration(Date.parse(until) - Date.parse(from));
    return t('changes.offline', { from: begin, until: formats.moment(until, nowMs), time });
  }
  const problem = ERROR_CATALOGUE[what][language];
  if (until === null) return t('changes.problem.still', { from: begin, problem });
  return t('changes.problem', { from: begin, until: formats.moment(until, nowMs), problem });
}

/** The warning that stands, and those that somebody has confirmed meanwhile: the next shift is to know of both. */
function driftLines(
  { since, drifts }: PlantChanges,
  { drift }: ChangeSurroundings,
  { t, formats, language, nowMs }: ChangeWords,
): ChangeLine[] {
  const time = (at: string) => formats.moment(at, nowMs);
  const known = drifts.map(({ since: from, knownAt, findings }) => {
    const said = findings
      .map((finding) => driftSentence(finding, language))
      .reduce((first, next) => t('changes.sentences', { first, next }));
    return plain(t('changes.drift.known', { time: time(from), known: time(knownAt), findings: said }));
  });
  if (drift === null || drift.since < since) return known;
  return [attention(t('changes.drift', { time: time(drift.since) })), ...known];
}

function roundLines(
  { rounds, updates }: PlantChanges,
  { queue }: ChangeSurroundings,
  { t, formats }: ChangeWords,
): ChangeLine[] {
  const counted = (count: number) => ({ count, formatted: formats.count(count) });
  const lines: ChangeLine[] = [];
  if (updates.refused > 0) lines.push(attention(t('changes.refused', counted(updates.refused))));
  lines.push(
    plain(
      rounds.count === 0
        ? t('changes.rounds.none')
        : t('changes.rounds', { ...counted(rounds.count), time: formats.duration(rounds.durationMs) }),
    ),
  );
  if (updates.delivered > 0) {
    lines.push(
      plain(t('changes.sent', { ...counted(updates.delivered), size: formats.size(updates.sentBytes) })),
    );
  }
  if (queue.roundsWaiting > 0) lines.push(plain(t('changes.waiting', counted(queue.roundsWaiting))));
  if (updates.received > 0) lines.push(plain(t('changes.received', counted(updates.received))));
  return lines;
}

function scoreLines({ scores }: PlantChanges, { t, model }: ChangeWords): ChangeLine[] {
  if (scores === null) return [];
  const kind = model.scoreKind(scores.kind);
  const NAMES = { inUse: t('changes.inUse'), own: model.name('own'), shared: model.name('shared') };
  return (['inUse', 'own', 'shared'] as const).flatMap((name) => {
    const { before, now } = scores[name];
    if (now === null) return [];
    const said = { kind, name: NAMES[name], now: model.score(now), before: model.score(before) };
    return [plain(before === null ? t('changes.score.first', said) : t('changes.score', said))];
  });
}

function modelLines(
  { model: { taken, heldBack, newest } }: PlantChanges,
  { t, formats, nowMs, model }: ChangeWords,
): ChangeLine[] {
  const lines: ChangeLine[] = [];
  const isNewestTaken = newest?.kind === 'taken' && newest.model !== null;
  if (isNewestTaken) {
    const said = { name: model.name(newest.model!), time: formats.moment(newest.at, nowMs) };
    lines.push(
      plain(
        newest.by === null ? t('changes.taken', said) : t('changes.taken.person', { ...said, by: newest.by }),
      ),
    );
  }
  if (taken > (isNewestTaken ? 1 : 0)) lines.push(plain(t('changes.taken.times', { count: taken })));
  if (heldBack > 0) lines.push(plain(t('changes.heldBack', { count: heldBack })));
  return lines;
}

function peopleLines({ labels, judged }: PlantChanges, { t, formats }: ChangeWords): ChangeLine[] {
  const lines: ChangeLine[] = [];
  if (labels.count > 0) {
    const who = labels.by
      .map(({ name, count }) => t('changes.labels.by', { name, formatted: formats.count(count) }))
      .join(t('changes.comma'));
    lines.push(
      plain(t('changes.labels', { count: labels.count, formatted: formats.count(labels.count), who })),
    );
  }
  const sum = judged === null ? 0 : judged.ok + judged.ng + judged.named + judged.unjudged;
  if (judged === null || sum === 0) return lines;
  const said = { count: sum, formatted: formats.count(sum) };
  const { ok, ng } = judged;
  lines.push(
    plain(
      ok + ng > 0
        ? t('changes.judged', { ...said, ok: formats.count(ok), ng: formats.count(ng) })
        : t('changes.judged.named', said),
    ),
  );
  if (judged.unjudged > 0) {
    const unjudged = { count: judged.unjudged, formatted: formats.count(judged.unjudged) };
    lines.push(attention(t('changes.unjudged', unjudged)));
  }
  return lines;
}
