import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { LanguageSwitch } from '../../ui/language-switch.tsx';
import type { ScreenProps } from '../screen-props.ts';
import { AboutCard } from './about-card.tsx';
import { FolderCard } from './folder-card.tsx';
import { HelpCard } from './help-card.tsx';
import { PlanCard } from './plan-card.tsx';
import { QuotaCard } from './quota-card.tsx';
import { ShareCard } from './share-card.tsx';
import { ShiftCard } from './shift-card.tsx';
import { TrainingMethodCard } from './training-method-card.tsx';
import { UpdateCard } from './update-card.tsx';

/** All that a plant may set by itself. */
export function SettingsScreen({ client }: ScreenProps) {
  const bridge = window.genba;
  return (
    <div className="cards">
      <PlanCard client={client} plan="trainWhen" />
      <PlanCard client={client} plan="syncWhen" />
      <ShiftCard client={client} />
      <ShareCard client={client} />
      <QuotaCard client={client} />
      <TrainingMethodCard client={client} />
      <LanguageCard />
      <FolderCard client={client} />
      <UpdateCard />
      {bridge === undefined ? null : <HelpCard bridge={bridge} />}
      <AboutCard client={client} />
    </div>
  );
}

function LanguageCard() {
  const { t } = useLanguage();
  return (
    <Card title={t('settings.language')} width="half">
      <div className="form">
        <LanguageSwitch />
        <p className="soft">{t('settings.language.note')}</p>
      </div>
    </Card>
  );
}
