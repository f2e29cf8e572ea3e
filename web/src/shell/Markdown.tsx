import { lazy, Suspense } from 'react';

const Rendered = lazy(() => import('./MarkdownRendered').then((m) => ({ default: m.MarkdownRendered })));

export function Markdown({ text }: { text: string }) {
  return (
    <div className="prose">
      <Suspense fallback={null}>
        <Rendered text={text} />
      </Suspense>
    </div>
  );
}
