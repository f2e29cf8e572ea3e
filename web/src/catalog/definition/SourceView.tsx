import { Badge, Box, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { declarations, tokens, type Declaration, type Language, type Token } from './tokens';

const COLORS: Partial<Record<Token['kind'], string>> = {
  comment: 'var(--mantine-color-dimmed)',
  string: 'var(--pave-good)',
  keyword: 'var(--pave-wait)',
  type: 'var(--pave-busy)',
};
const SHOWN_MAX = 300;
const TOKENS_MAX = 4000;

function Coloured({ tokens: all }: { tokens: Token[] }) {
  return all.slice(0, TOKENS_MAX).map((token, index) =>
    COLORS[token.kind] ? (
      <span key={index} style={{ color: COLORS[token.kind] }}>
        {token.text}
      </span>
    ) : (
      token.text
    ),
  );
}

const trimmed = (all: Token[]): Token[] => {
  const first = all.findIndex((token) => token.kind !== 'space');
  const last = all.findLastIndex((token) => token.kind !== 'space');
  return first < 0 ? [] : all.slice(first, last + 1);
};

function DeclarationView({ declaration }: { declaration: Declaration }) {
  const { what, name } = declaration;
  return (
    <Box component="section" aria-label={`${what} ${name}`}>
      <Title order={2} fz={12.5} className="sunken definition-head">
        <Badge mr={8}>{what}</Badge>
        <span className="mono">{name}</span>
      </Title>
      <Box component="pre" className="definition-code" tabIndex={0}>
        <Coloured tokens={trimmed(declaration.tokens)} />
      </Box>
    </Box>
  );
}

/** A schema by its declarations, coloured, with a filter by name. */
export function SourceView({ text, language }: { text: string; language: Language }) {
  const [term, setTerm] = useState('');
  const all = useMemo(() => declarations(tokens(text, language), language), [text, language]);
  const needle = term.trim().toLowerCase();
  const found = all.filter((each) => !needle || `${each.what} ${each.name}`.toLowerCase().includes(needle));
  if (all.length === 0)
    return (
      <Text c="dimmed" fz="sm" p="md">
        Nothing is declared in it; the raw text has everything.
      </Text>
    );
  return (
    <Stack gap={0}>
      {all.length > 8 && (
        <Box p="md" py="sm">
          <TextInput
            size="xs"
            w={{ base: '100%', xs: 260 }}
            value={term}
            onChange={(event) => setTerm(event.currentTarget.value)}
            placeholder="Find a declaration"
            aria-label="Find a declaration"
            leftSection={<IconSearch size={15} />}
          />
        </Box>
      )}
      {found.slice(0, SHOWN_MAX).map((each, index) => (
        <DeclarationView key={`${each.name}-${index}`} declaration={each} />
      ))}
      {found.length > SHOWN_MAX && (
        <Text c="dimmed" fz="sm" p="md">
          {found.length - SHOWN_MAX} more: type to find them
        </Text>
      )}
    </Stack>
  );
}
