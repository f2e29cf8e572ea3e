import {
  Alert, Anchor, Badge, Button, Card, createTheme, type CSSVariablesResolver, Loader, type MantineColorsTuple, Paper, Select, Table, Tabs,
  TextInput, Tooltip,
} from '@mantine/core';

const brand: MantineColorsTuple = [
  '#eef3ff', '#dce5fd', '#b6c8fa', '#8ea9f7', '#6a8df3', '#4a74ec', '#345fe0', '#274fc9', '#2244ad', '#1c3889',
];
const gray: MantineColorsTuple = [
  '#fafafb', '#f4f4f6', '#e9e9ed', '#dedee4', '#cdcdd6', '#aaabb6', '#858793', '#5f616d', '#3c3e48', '#1d1e25',
];
const dark: MantineColorsTuple = [
  '#dcdde3', '#b3b5bf', '#93959f', '#6a6c77', '#3a3c44', '#2b2d34', '#202228', '#17181c', '#111215', '#0b0c0e',
];

export const theme = createTheme({
  primaryColor: 'brand',
  primaryShade: { light: 7, dark: 6 },
  colors: { brand, gray, dark },
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, 'SF Mono', Menlo, monospace",
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  headings: {
    fontWeight: '620',
    sizes: {
      h1: { fontSize: '22px', lineHeight: '1.3' },
      h2: { fontSize: '16px', lineHeight: '1.4' },
      h3: { fontSize: '14px', lineHeight: '1.45' },
      h4: { fontSize: '13px', lineHeight: '1.45' },
    },
  },
  defaultRadius: 'md',
  radius: { xs: '3px', sm: '5px', md: '7px', lg: '10px', xl: '14px' },
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    // A coloured edge and icon; the words stay in the text's own colour, which can be read on both schemes.
    Alert: Alert.extend({ defaultProps: { variant: 'outline', radius: 'lg' }, styles: { title: { color: 'var(--mantine-color-text)' }, root: { background: 'var(--pave-raised)' } } }),
    Anchor: Anchor.extend({ defaultProps: { underline: 'hover' } }),
    Badge: Badge.extend({ defaultProps: { variant: 'default', radius: 'sm', tt: 'none', fw: 500 } }),
    Button: Button.extend({ defaultProps: { size: 'sm' }, styles: { label: { fontWeight: 550 } } }),
    Card: Card.extend({ defaultProps: { withBorder: true, radius: 'lg', padding: 'md' } }),
    Loader: Loader.extend({ defaultProps: { size: 'sm', type: 'oval' } }),
    Paper: Paper.extend({ defaultProps: { radius: 'lg' } }),
    Select: Select.extend({ defaultProps: { comboboxProps: { shadow: 'md' }, checkIconPosition: 'right' } }),
    Table: Table.extend({ defaultProps: { verticalSpacing: 9, horizontalSpacing: 'md' } }),
    Tabs: Tabs.extend({ defaultProps: { keepMounted: false } }),
    TextInput: TextInput.extend({}),
    Tooltip: Tooltip.extend({ defaultProps: { withArrow: true, openDelay: 300, fz: 'xs' } }),
  },
});

// Mantine's dimmed text misses the contrast of WCAG AA on our surfaces; these reach 4.5:1 in both schemes.
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-text': '#1d1e25',
    '--mantine-color-dimmed': '#60626e',
    '--mantine-color-placeholder': '#6b6d79',
    '--mantine-color-anchor': '#274fc9',
    '--mantine-color-error': '#c2261d',
    '--mantine-color-default-border': '#e2e2e8',
    '--pave-sidebar': '#f7f7f9',
    '--pave-raised': '#ffffff',
    '--pave-sunken': '#f7f7f9',
    '--pave-hairline': '#e9e9ed',
    '--pave-hover': '#f4f4f6',
    '--pave-good': '#17803d',
    '--pave-bad': '#c2261d',
    '--pave-busy': '#2f5fe0',
    '--pave-wait': '#a35a00',
    '--pave-quiet': '#7c7e8a',
  },
  dark: {
    '--mantine-color-body': '#111215',
    '--mantine-color-text': '#e3e4e9',
    '--mantine-color-dimmed': '#9b9da8',
    '--mantine-color-placeholder': '#8c8e99',
    '--mantine-color-anchor': '#8ea9f7',
    '--mantine-color-error': '#ff8a80',
    '--mantine-color-default': '#1c1d22',
    '--mantine-color-default-hover': '#23252b',
    '--mantine-color-default-border': '#2b2d34',
    '--pave-sidebar': '#0c0d0f',
    '--pave-raised': '#17181c',
    '--pave-sunken': '#0e0f12',
    '--pave-hairline': '#25272d',
    '--pave-hover': '#1c1d22',
    '--pave-good': '#4cc46f',
    '--pave-bad': '#ff7b72',
    '--pave-busy': '#7c9cf5',
    '--pave-wait': '#e8a33d',
    '--pave-quiet': '#8c8e99',
  },
});
