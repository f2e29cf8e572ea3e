import { Box, Grid, Stack } from '@mantine/core';
import { IconBook2 } from '@tabler/icons-react';
import { useParams, useRouter } from '@tanstack/react-router';
import type { MouseEvent } from 'react';
import { isInternal, AppLink } from '../shell/AppLink';
import { Page } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { useDoc, useDocs } from './api';

// What scrolls must be reachable with the keyboard. In the text itself `<` is escaped: this is always the tag.
const reachable = (html: string) => html.replaceAll('<pre>', '<pre tabindex="0">');

const clean = (path: string) => path.replace(/^\/+/, '').replace(/\.md$/, '');

export function DocsPage() {
  const { _splat } = useParams({ strict: false }) as { _splat?: string };
  const docs = useDocs();
  const router = useRouter();
  const items = docs.data ?? [];
  const wanted = clean(_splat ?? '');
  const start = items.find((each) => /getting-started/.test(each.path)) ?? items[0];
  const current = wanted ? items.find((each) => clean(each.path) === wanted) : start;
  const doc = useDoc(current?.path ?? (wanted || undefined));
  // Links in the text are relative to the page, and may end in .md as they do in the repository.
  const follow = (event: MouseEvent) => {
    const anchor = (event.target as HTMLElement).closest('a');
    const href = anchor?.getAttribute('href');
    if (!href || href.startsWith('#') || event.metaKey || event.ctrlKey || event.button !== 0) return;
    const to = new URL(href, `${location.origin}/docs/${clean(current?.path ?? wanted)}`);
    if (to.origin !== location.origin || !isInternal(to.pathname)) return;
    event.preventDefault();
    router.history.push(to.pathname.replace(/\.md$/, '') + to.hash);
  };
  return (
    <Page title="Docs" name={doc.data?.title ?? 'Docs'}>
      <Loaded query={docs}>
        {(list) =>
          list.length === 0 ? (
            <Box className="surface">
              <EmptyState icon={<IconBook2 size={20} />} title="No docs were built in" />
            </Box>
          ) : (
            <Grid gap={40}>
              <Grid.Col span={{ base: 12, md: 3 }}>
                <Stack gap={2} component="nav" aria-label="Docs">
                  {list.map((each) => (
                    <AppLink
                      key={each.path}
                      href={`/docs/${clean(each.path)}`}
                      className="nav-link"
                      aria-current={each.path === current?.path ? 'page' : undefined}
                    >
                      {each.title}
                    </AppLink>
                  ))}
                </Stack>
              </Grid.Col>
              <Grid.Col span={{ base: 12, md: 9 }}>
                <Loaded query={doc}>
                  {(page) => (
                    <article
                      className="prose"
                      onClick={follow}
                      dangerouslySetInnerHTML={{ __html: reachable(page.html) }}
                    />
                  )}
                </Loaded>
              </Grid.Col>
            </Grid>
          )
        }
      </Loaded>
    </Page>
  );
}
