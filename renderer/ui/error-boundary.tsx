import { Component, type ReactNode } from 'react';
import { BrokenState } from './screen-states.tsx';

interface ErrorBoundaryProps {
  readonly children: ReactNode;
}

/** Keeps a screen that fell over from taking the window with it. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    return this.state.hasFailed ? <BrokenState /> : this.props.children;
  }
}
