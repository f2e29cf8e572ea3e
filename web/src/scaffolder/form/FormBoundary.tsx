import { Alert, Text } from '@mantine/core';
import { Component, type ReactNode } from 'react';

interface Props {
  /** What is drawn: another one is tried anew. */
  of: unknown;
  children: ReactNode;
}

interface State {
  of: unknown;
  error?: Error;
}

/** A schema that cannot be drawn is said to be so, beside all that can. */
export class FormBoundary extends Component<Props, State> {
  static readonly quiet = true;
  override state: State = { of: this.props.of };

  static getDerivedStateFromError(error: Error): Partial<State> {
    return { error };
  }

  static getDerivedStateFromProps(props: Props, state: State): Partial<State> | null {
    return props.of === state.of ? null : { of: props.of, error: undefined };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <Alert color="red" title="This form cannot be drawn">
        <Text fz="sm">{error.message}</Text>
      </Alert>
    );
  }
}
