import type { ReactNode } from 'react';
import type { Tone } from './tone.ts';

interface IconProps {
  readonly size?: string;
}

function Icon({ size = '1.5rem', children }: IconProps & { readonly children: ReactNode }) {
  return (
    <svg
      viewBox="0 0 24 24"
      width={size}
      height={size}
      style={{ width: size, height: size, flex: 'none' }}
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

const TONE_SHAPES: Record<Tone, ReactNode> = {
  good: (
    <>
      <circle cx="12" cy="12" r="9" />
      <path d="m8 12.4 2.8 2.8L16.2 9.4" />
    </>
  ),
  waiting: (
    <>
      <circle cx="12" cy="12" r="9" />
      <path d="M12 7v5l3.2 2" />
    </>
  ),
  offline: (
    <>
      <path d="M8.6 6.6A6 6 0 0 1 17.5 10h.5a4 4 0 0 1 2.9 6.7" />
      <path d="M6.6 9.2A4.9 4.9 0 0 0 7 19h10.5" />
      <path d="m4 4 16 16" />
    </>
  ),
  paused: (
    <>
      <circle cx="12" cy="12" r="9" />
      <path d="M10 9v6M14 9v6" />
    </>
  ),
  attention: (
    <>
      <path d="M10.7 4.3 2.9 17.8A1.5 1.5 0 0 0 4.2 20h15.6a1.5 1.5 0 0 0 1.3-2.2L13.3 4.3a1.5 1.5 0 0 0-2.6 0Z" />
      <path d="M12 10v4M12 17h.01" />
    </>
  ),
  stopped: (
    <>
      <path d="M8.3 3h7.4L21 8.3v7.4L15.7 21H8.3L3 15.7V8.3Z" />
      <path d="M12 8v5M12 16h.01" />
    </>
  ),
};

/** The shape of a tone, so that colour never speaks alone. */
export function ToneIcon({ tone, size }: IconProps & { readonly tone: Tone }) {
  return <Icon size={size}>{TONE_SHAPES[tone]}</Icon>;
}

/** Two upright bars. */
export function PauseIcon({ size }: IconProps) {
  return (
    <Icon size={size}>
      <path d="M9 6v12M15 6v12" />
    </Icon>
  );
}

/** A triangle pointing on. */
export function ResumeIcon({ size }: IconProps) {
  return (
    <Icon size={size}>
      <path d="M8 5.5v13l10.5-6.5Z" />
    </Icon>
  );
}

/** A sheet of the calendar. */
export function TodayIcon({ size }: IconProps) {
  return (
    <Icon size={size}>
      <path d="M4 6h16v14H4ZM4 10h16M8 3v4M16 3v4" />
      <path d="m9 15 2 2 4-4" />
    </Icon>
  );
}

/** A curve that rises. */
export function ModelIcon({ size }: IconProps) {
  return (
    <Icon size={size}>
      <path d="M4 4v16h16" />
      <path d="m7 15 4-5 3 3 6-7" />
    </Icon>
  );
}

/** A tag on its string. */
export function LabelIcon({ size }: IconProps) {
  return (
    <Icon size={size}>
      <path d="M4 4h7.5l8.5 8.5-7.5 7.5L4 11.5Z" />
      <path d="M8 8h.01" />
    </Icon>
  );
}

/** A ring for good before a cross for bad. */
export function JudgeIcon({ size }: IconProps) {
  return (
    <Icon size={size}>
      <circle cx="7.5" cy="12" r="4.5" />
      <path d="m15 9 6 6M21 9l-6 6" />
    </Icon>
  );
}

/** Up to the aggregator and down from it. */
export function NetworkIcon({ size }: IconProps) {
  return (
    <Icon size={size}>
      <path d="M8 20V5M4 9l4-4 4 4M16 4v15M12 15l4 4 4-4" />
    </Icon>
  );
}

/** Sliders. */
export function SettingsIcon({ size }: IconProps) {
  return (
    <Icon size={size}>
      <path d="M4 7h9M17 7h3M4 17h3M11 17h9" />
      <circle cx="15" cy="7" r="2" />
      <circle cx="9" cy="17" r="2" />
    </Icon>
  );
}

/** Three plants joined in one: the product's mark. */
export function GenbaMark({ size = '1.75rem' }: IconProps) {
  return (
    <Icon size={size}>
      <circle cx="12" cy="12.6" r="2.6" fill="currentColor" stroke="none" />
      <circle cx="12" cy="4" r="1.9" />
      <circle cx="4.2" cy="18" r="1.9" />
      <circle cx="19.8" cy="18" r="1.9" />
      <path d="M12 6.2v3M6 16.8l3.2-2M18 16.8l-3.2-2" />
    </Icon>
  );
}
