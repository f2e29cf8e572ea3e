import { Box } from '@mantine/core';
import { useImperativeHandle, useRef, type Ref } from 'react';

export interface CodeEditorHandle {
  /** Puts the cursor at a line. */
  goTo: (line: number, column?: number) => void;
}

interface CodeEditorProps {
  value: string;
  onChange: (value: string) => void;
  label: string;
  /** Lines that have something wrong. */
  marks?: Map<number, 'error' | 'warning'>;
  handle?: Ref<CodeEditorHandle>;
  height?: number | string;
  describedBy?: string;
}

const LINE = 20;
// With more the numbers would cost more than the text.
const NUMBERED_MAX = 5000;

/** A text area with line numbers. Tab leaves it, as the keyboard alone must be enough to get out again. */
export function CodeEditor({ value, onChange, label, marks, handle, height = 480, describedBy }: CodeEditorProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  useImperativeHandle(handle, () => ({
    goTo: (line, column = 1) => {
      const element = area.current;
      if (!element) return;
      const starts = element.value.split('\n').slice(0, line - 1);
      const at = starts.reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
      element.focus();
      element.setSelectionRange(at, at);
      element.scrollTop = Math.max(0, (line - 6) * LINE);
    },
  }));
  const count = Math.min(NUMBERED_MAX, value.split('\n').length);
  return (
    <Box className="code-editor log" h={height}>
      <div className="code-gutter" aria-hidden="true">
        <div ref={gutter}>
          {Array.from({ length: count }, (_, index) => (
            <div key={index} data-mark={marks?.get(index + 1)}>
              {index + 1}
            </div>
          ))}
        </div>
      </div>
      <textarea
        ref={area}
        value={value}
        aria-label={label}
        aria-describedby={describedBy}
        aria-invalid={[...(marks?.values() ?? [])].includes('error') || undefined}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        wrap="off"
        onChange={(event) => onChange(event.currentTarget.value)}
        onScroll={(event) => {
          if (gutter.current) gutter.current.style.transform = `translateY(${-event.currentTarget.scrollTop}px)`;
        }}
      />
    </Box>
  );
}
