import type { Outcome } from '@genba/shared/local-api/outcome';
import type { ReactNode } from 'react';

/** A ring for good and a cross for bad, as every shop floor in Japan reads them; a tag and a question mark besides. */
const SHAPES: Record<Outcome, ReactNode> = {
  ok: <circle cx="12" cy="12" r="8.5" />,
  ng: <path d="M4.5 4.5 19.5 19.5M19.5 4.5 4.5 19.5" />,
  named: <path d="M4 4h7.5l8.5 8.5-7.5 7.5L4 11.5ZM8 8h.01" />,
  unjudged: <path d="M8 8.5a4 4 0 1 1 5.6 3.7c-1 .4-1.6 1.2-1.6 2.3M12 19h.01" />,
};

/** The shape of a result, so that colour never speaks alone; as high as the text beside it. */
export function OutcomeShape({ outcome }: { readonly outcome: Outcome }) {
  return (
    <svg
      className="outcome-shape"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="3"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {SHAPES[outcome]}
    </svg>
  );
}
