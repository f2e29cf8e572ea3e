import { ActionIcon, Button, Menu } from '@mantine/core';
import { IconAlertTriangle, IconDots, IconDownload, IconFileImport, IconListDetails } from '@tabler/icons-react';
import { AppLink } from '../shell/AppLink';
import { useFindingCounts } from './own';

const EXPORT = '/api/catalog/v1/export?format=yaml';

/** What belongs to the catalog as a whole. */
export function CatalogMenu() {
  const findings = useFindingCounts({}).data?.totalItems ?? 0;
  return (
    <>
      <Menu position="bottom-end" width={220} shadow="md">
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label="More of the catalog">
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item component={AppLink} href="/catalog/findings" leftSection={<IconAlertTriangle size={15} />}>
            Findings {findings > 0 && <span className="num">{findings.toLocaleString('en')}</span>}
          </Menu.Item>
          <Menu.Item component={AppLink} href="/catalog/sources" leftSection={<IconListDetails size={15} />}>
            Sources
          </Menu.Item>
          <Menu.Item component="a" href={EXPORT} download="catalog.yaml" leftSection={<IconDownload size={15} />}>
            Export as YAML
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Button component={AppLink} href="/catalog/register" variant="default" leftSection={<IconFileImport size={16} />}>
        Register
      </Button>
    </>
  );
}
