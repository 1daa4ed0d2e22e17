import { Component, type ReactNode } from 'react';

interface ErrorBoundaryProps {
  /** Stands there once it has fallen over. */
  readonly instead: ReactNode;
  readonly children: ReactNode;
}

/** Keeps what fell over from taking the page with it. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    return this.state.hasFailed ? this.props.instead : this.props.children;
  }
}
