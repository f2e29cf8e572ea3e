import { Box } from '@mantine/core';
import { useEffect, useState } from 'react';

const TOKEN =
  /(^\s*(?:- )?[\w."'$/@-]+:(?=\s|$))|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`\n]*`)|(^\s*(?:#(?!include).*|\/\/.*))|\b(true|false|null|import|export|from|const|let|return|function|async|await|if|else|for|def|class|package|func|public|static|void|new|var|type|variable|resource|module|output)\b/gm;
const COLORS = ['var(--pave-busy)', 'var(--pave-good)', 'var(--mantine-color-dimmed)', 'var(--pave-wait)'];

// A light touch of colour for keys, strings, comments and a few words: enough to read a file by, without a grammar for each language.
function coloured(line: string) {
  const parts: React.ReactNode[] = [];
  let at = 0;
  for (const match of line.matchAll(TOKEN)) {
    const group = match.slice(1).findIndex((each) => each !== undefined);
    if (match.index > at) parts.push(line.slice(at, match.index));
    parts.push(
      <span key={match.index} style={{ color: COLORS[group] }}>
        {match[0]}
      </span>,
    );
    at = match.index + match[0].length;
  }
  parts.push(line.slice(at));
  return parts;
}

interface CodeViewProps {
  text: string;
  label: string;
  plain?: boolean;
  /** Its lines cannot be linked to: there are other texts on the page. */
  unlinked?: boolean;
}

export function CodeView({ text, label, plain, unlinked }: CodeViewProps) {
  const [picked] = useState(() => location.hash.slice(1));
  // A link to a line comes before the file does.
  useEffect(() => {
    if (/^L\d+$/.test(picked)) document.getElementById(picked)?.scrollIntoView({ block: 'center' });
  }, [picked]);
  const lines = text.replace(/\n$/, '').split('\n').slice(0, 5000);
  return (
    <Box
      component="pre"
      m={0}
      py={12}
      className="log"
      style={{ overflowX: 'auto', background: 'transparent' }}
      aria-label={label}
      tabIndex={0}
      role="region"
    >
      {lines.map((line, index) => (
        <div
          key={index}
          id={unlinked ? undefined : `L${index + 1}`}
          data-picked={picked === `L${index + 1}` || undefined}
          className="code-line"
          style={{ display: 'flex', gap: 16, whiteSpace: 'pre', paddingRight: 16 }}
        >
          <span className="log-no" aria-hidden="true" style={{ width: 48 }}>
            {index + 1}
          </span>
          <code style={{ fontFamily: 'inherit' }}>
            {plain ? line : coloured(line)}
            {'\n'}
          </code>
        </div>
      ))}
    </Box>
  );
}
