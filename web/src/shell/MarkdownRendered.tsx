import ReactMarkdown from 'react-markdown';
import gfm from 'remark-gfm';
import { AppLink } from './AppLink';

// Raw HTML in the text stays text; react-markdown renders none.
export function MarkdownRendered({ text }: { text: string }) {
  return (
    <ReactMarkdown
      remarkPlugins={[gfm]}
      components={{
        a: ({ href = '', children }) => <AppLink href={href}>{children}</AppLink>,
        pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
      }}
    >
      {text}
    </ReactMarkdown>
  );
}
