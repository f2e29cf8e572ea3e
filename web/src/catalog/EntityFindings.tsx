import { Anchor, Box } from '@mantine/core';
import { AppLink } from '../shell/AppLink';
import { Section } from '../shell/Page';
import { refOf, type Entity } from './entity';
import { FindingRow } from './FindingRow';
import { useFindings } from './own';

const SHOWN = 4;

/** What is wrong with one entity, each with its proposal. */
export function EntityFindings({ entity }: { entity: Entity }) {
  const ref = refOf(entity);
  const page = useFindings({ ref }).data?.pages[0];
  // What its file has wrong stands above, with its lines.
  const told = (entity.status?.items ?? []).length > 0;
  const items = (page?.items ?? []).filter((each) => !(told && each.type === 'source-error'));
  if (!page || items.length === 0) return null;
  return (
    <Section
      title="Findings"
      flush
      actions={
        page.totalItems > SHOWN && (
          <Anchor component={AppLink} href={`/catalog/findings?ref=${encodeURIComponent(ref)}`} fz="sm">
            All {page.totalItems}
          </Anchor>
        )
      }
    >
      <Box component="ul" className="plain-list">
        {items.slice(0, SHOWN).map((finding) => (
          <FindingRow key={finding.id} finding={finding} withEntity={false} />
        ))}
      </Box>
    </Section>
  );
}
