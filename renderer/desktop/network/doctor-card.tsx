import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { type DoctorReport, isWell } from '@genba/shared/local-api/doctor';
import { reportText } from '@genba/shared/local-api/doctor-report-text';
import { doctorSentence } from '@genba/shared/local-api/doctor-sentences';
import { Button } from '@mantine/core';
import { useRef, useState } from 'react';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { ToneIcon } from '../../ui/icons.tsx';
import { ErrorState, LoadingState } from '../../ui/screen-states.tsx';
import type { AgentClient } from '../agent-client.ts';
import type { Failure } from '../agent-view.ts';
import { useIsConnected } from '../use-status.ts';
import { LayerList } from './layer-list.tsx';

/** What the card shows: nothing yet, that it is being examined, what was found, or why nothing was. */
type Examination =
  | { readonly kind: 'none' }
  | { readonly kind: 'running' }
  | { readonly kind: 'done'; readonly report: DoctorReport }
  | Failure;

/** Examines the connection layer by layer, and says in one sentence what to tell IT. */
export function DoctorCard({ client }: { readonly client: AgentClient }) {
  const { t, language } = useLanguage();
  const isConnected = useIsConnected(client);
  const [examination, setExamination] = useState<Examination>({ kind: 'none' });
  /** Which examination is waited for; whoever has cancelled one does not want its answer any more. */
  const latest = useRef(0);
  const examine = async () => {
    const number = ++latest.current;
    setExamination({ kind: 'running' });
    const answer = await client.ask({ query: 'doctor', of: { server: null, invitation: null } });
    if (number !== latest.current) return;
    setExamination(answer.kind === 'answered' ? { kind: 'done', report: answer.answer.report } : answer);
  };
  const cancel = () => {
    latest.current++;
    setExamination({ kind: 'none' });
  };
  const isRunning = examination.kind === 'running';
  return (
    <Card title={t('doctor.title')} width="wide">
      <div className="form">
        <p className="soft">{t('doctor.note')}</p>
        <Button
          variant={examination.kind === 'done' ? 'default' : 'filled'}
          disabled={isRunning || !isConnected}
          onClick={() => void examine()}
        >
          {t('doctor.run')}
        </Button>
        {isRunning ? (
          <LoadingState text={t('doctor.running')}>
            <Button variant="default" onClick={cancel}>
              {t('doctor.cancel')}
            </Button>
          </LoadingState>
        ) : null}
        {examination.kind === 'refused' ? (
          <ErrorState text={ERROR_CATALOGUE[examination.code][language]} detail={examination.detail} />
        ) : null}
        {examination.kind === 'unanswered' ? <ErrorState text={t('doctor.unanswered')} /> : null}
        {examination.kind === 'done' ? <Report report={examination.report} /> : null}
      </div>
    </Card>
  );
}

function Report({ report }: { readonly report: DoctorReport }) {
  const { t, language } = useLanguage();
  const [copied, setCopied] = useState<'yes' | 'failed' | null>(null);
  const tone = isWell(report) ? 'good' : 'attention';
  const copy = async () => {
    await navigator.clipboard.writeText(reportText(report, language));
    setCopied('yes');
  };
  return (
    <>
      <div className="notice" data-tone={tone} role="status">
        <ToneIcon tone={tone} />
        <p className="notice__title break">{doctorSentence(report.conclusion, language)}</p>
      </div>
      <LayerList title={t('doctor.pc')} layers={report.pc} />
      {report.ways.map(({ address, layers }) => (
        <LayerList key={address} title={address} layers={layers} />
      ))}
      <div className="actions">
        <Button variant="default" onClick={() => void copy().catch(() => setCopied('failed'))}>
          {copied === 'yes' ? t('doctor.copied') : t('doctor.copy')}
        </Button>
      </div>
      <p role="alert" className="soft">
        {copied === 'failed' ? t('doctor.copyFailed') : null}
      </p>
      <details className="disclosure">
        <summary>{t('doctor.text')}</summary>
        <pre className="licences__text">{reportText(report, language)}</pre>
      </details>
    </>
  );
}
