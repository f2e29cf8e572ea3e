const WORDS: Record<string, string> = {
  'owner-missing': 'No owner',
  'owner-unknown': 'Unknown owner',
  'reference-broken': 'Broken reference',
  orphan: 'Orphan',
  'source-error': 'File with errors',
  duplicate: 'Defined twice',
  'deprecated-in-use': 'Deprecated, in use',
};

/** A finding's type in words; types that came later by their name. */
export function findingWords(type: string): string {
  const plain = type.replaceAll('-', ' ');
  return WORDS[type] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
}
