import { Alert, Box, Button, Group, Menu, Stack, Tabs, Text, Textarea } from '@mantine/core';
import { IconCheck, IconChevronDown, IconGitMerge } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { short } from '../deployments/api';
import { FileDiff } from '../shell/FileDiff';
import { Actor } from '../shell/EntityLink';
import { Markdown } from '../shell/Markdown';
import { notifyError } from '../shell/notify';
import { Page } from '../shell/Page';
import { Loaded } from '../shell/States';
import { Ago } from '../shell/Time';
import { useUrlState } from '../shell/useUrlState';
import { PullBadge } from './PullBadge';
import {
  usePull,
  usePullAction,
  usePullComments,
  usePullCommits,
  usePullFiles,
  type Pull,
  type PullFile,
  type Slug,
} from './pulls';

const MANY_FILES = 12;

function MergeBox({ slug, pull }: { slug: Slug; pull: Pull }) {
  const act = usePullAction(slug, pull.number);
  const merge = (method: 'merge' | 'squash') =>
    act.mutate({ verb: 'merge', body: { method } }, { onError: notifyError('Could not merge') });
  if (pull.state === 'merged')
    return (
      <Alert color="violet" icon={<IconGitMerge size={18} />} title="Merged">
        {pull.mergedBy && <Actor actor={pull.mergedBy} />} <Ago time={pull.mergedAt ?? pull.createdAt} />
      </Alert>
    );
  if (pull.state === 'closed')
    return (
      <Alert color="gray" title="Closed without being merged">
        <Button
          size="xs"
          variant="default"
          mt={4}
          loading={act.isPending}
          onClick={() => act.mutate({ verb: 'reopen' }, { onError: notifyError('Could not open it again') })}
        >
          Open again
        </Button>
      </Alert>
    );
  const conflicts = pull.mergeable === false;
  return (
    <Alert
      color={conflicts ? 'orange' : 'green'}
      icon={<IconCheck size={18} />}
      title={conflicts ? `It conflicts with ${pull.base}` : `It can be merged into ${pull.base}`}
    >
      {conflicts && (
        <Text fz="sm">
          Merge {pull.base} into {pull.head} on your machine, settle the conflicts, and push.
        </Text>
      )}
      <Group gap={8} mt="sm">
        <Button.Group>
          <Button
            size="xs"
            leftSection={<IconGitMerge size={15} />}
            disabled={conflicts}
            loading={act.isPending}
            onClick={() => merge('merge')}
          >
            Merge
          </Button>
          <Menu position="bottom-end">
            <Menu.Target>
              <Button size="xs" px={8} disabled={conflicts || act.isPending} aria-label="Other ways to merge">
                <IconChevronDown size={15} />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => merge('squash')}>Squash into one commit</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Button.Group>
        <Button
          size="xs"
          variant="default"
          disabled={act.isPending}
          onClick={() => act.mutate({ verb: 'close' }, { onError: notifyError('Could not close it') })}
        >
          Close
        </Button>
      </Group>
    </Alert>
  );
}

function Said({ author, time, text }: { author: string; time: string; text: string }) {
  return (
    <Box className="surface" component="article">
      <Group px="md" py={9} gap={8} style={{ borderBottom: '1px solid var(--pave-hairline)' }}>
        <Actor actor={author} />
        <Text fz="sm" c="dimmed" component="span">
          <Ago time={time} />
        </Text>
      </Group>
      <Box p="md">
        {text.trim() ? (
          <Markdown text={text} />
        ) : (
          <Text fz="sm" c="dimmed">
            No description.
          </Text>
        )}
      </Box>
    </Box>
  );
}

function NewComment({ slug, number }: { slug: Slug; number: number }) {
  const act = usePullAction(slug, number);
  const [text, setText] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        act.mutate(
          { verb: 'comments', body: { body: text } },
          { onSuccess: () => setText(''), onError: notifyError('Could not comment') },
        );
      }}
    >
      <Stack gap="sm" align="flex-end">
        <Textarea
          w="100%"
          aria-label="Comment"
          placeholder="Say something about it (Markdown)"
          autosize
          minRows={3}
          maxRows={14}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" size="xs" disabled={!text.trim()} loading={act.isPending}>
          Comment
        </Button>
      </Stack>
    </form>
  );
}

function Conversation({ slug, pull }: { slug: Slug; pull: Pull }) {
  const comments = usePullComments(slug, pull.number);
  return (
    <Stack gap="md" maw={860}>
      <Said author={pull.author} time={pull.createdAt} text={pull.body ?? ''} />
      <Loaded query={comments} rows={0}>
        {({ items }) =>
          items.map((each) => <Said key={each.id} author={each.author} time={each.createdAt} text={each.body} />)
        }
      </Loaded>
      <MergeBox slug={slug} pull={pull} />
      <NewComment slug={slug} number={pull.number} />
    </Stack>
  );
}

const counts = (files: PullFile[]) =>
  files.reduce((sum, file) => ({ plus: sum.plus + file.additions, minus: sum.minus + file.deletions }), {
    plus: 0,
    minus: 0,
  });

function Files({ slug, number }: { slug: Slug; number: number }) {
  const query = usePullFiles(slug, number);
  return (
    <Loaded query={query}>
      {({ items }) => {
        const { plus, minus } = counts(items);
        return (
          <Stack gap="md">
            <Text fz="sm" c="dimmed">
              {items.length} {items.length === 1 ? 'file' : 'files'}, {plus} lines added, {minus} removed
            </Text>
            {items.map((file) => (
              <FileDiff
                key={file.path}
                file={file}
                closed={items.length > MANY_FILES}
                right={
                  <Text fz="xs" className="num" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
                    +{file.additions} −{file.deletions}
                  </Text>
                }
              />
            ))}
          </Stack>
        );
      }}
    </Loaded>
  );
}

function Commits({ slug, number }: { slug: Slug; number: number }) {
  const query = usePullCommits(slug, number);
  return (
    <Loaded query={query}>
      {({ items }) => (
        <Box className="surface plain-list" component="ul" aria-label="Commits">
          {items.map((commit) => (
            <Group key={commit.id} component="li" px="md" py={10} gap={12} wrap="nowrap">
              <Box style={{ flex: 1, minWidth: 0 }}>
                <Text fz="sm" fw={550} className="clip">
                  {commit.message.split('\n')[0]}
                </Text>
                <Text fz="sm" c="dimmed">
                  {commit.author.name} · <Ago time={commit.timestamp} />
                </Text>
              </Box>
              <Text className="mono" fz="sm" c="dimmed">
                {short(commit.id)}
              </Text>
            </Group>
          ))}
        </Box>
      )}
    </Loaded>
  );
}

export function PullPage() {
  const { owner = '', name = '', number = '' } = useParams({ strict: false }) as Record<string, string | undefined>;
  const slug = { owner, name };
  const query = usePull(slug, Number(number));
  const [{ view = 'conversation' }, change] = useUrlState();
  const pull = query.data;
  return (
    <Page
      title={pull?.title ?? `Pull request ${number}`}
      crumbs={[
        { label: 'Repositories', href: '/repositories' },
        { label: `${owner}/${name}`, href: `/repositories/${owner}/${name}` },
        { label: 'Pull requests', href: `/repositories/${owner}/${name}/pulls` },
        { label: `#${number}` },
      ]}
      description={
        pull && (
          <Group gap={12} mt={4}>
            <PullBadge state={pull.state} />
            <Actor actor={pull.author} />
            <Text fz="sm" className="mono">
              {pull.head} → {pull.base}
            </Text>
            <Ago time={pull.createdAt} />
          </Group>
        )
      }
    >
      <Loaded query={query}>
        {(there) => (
          <Tabs
            value={view}
            onChange={(next) => change({ view: next === 'conversation' ? undefined : (next ?? undefined) })}
            keepMounted={false}
          >
            <Tabs.List mb={20}>
              <Tabs.Tab value="conversation">Conversation</Tabs.Tab>
              <Tabs.Tab value="files">Files</Tabs.Tab>
              <Tabs.Tab value="commits">Commits</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="conversation">
              <Conversation slug={slug} pull={there} />
            </Tabs.Panel>
            <Tabs.Panel value="files">
              <Files slug={slug} number={there.number} />
            </Tabs.Panel>
            <Tabs.Panel value="commits">
              <Commits slug={slug} number={there.number} />
            </Tabs.Panel>
          </Tabs>
        )}
      </Loaded>
    </Page>
  );
}
