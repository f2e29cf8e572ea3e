import { useQuery } from '@tanstack/react-query';
import { entityQuery, parseRef } from '../catalog/api';
import { nameOf, useSession } from '../identity/api';

/** Who is signed in, as the catalog knows them where it does. */
export function useMe(): { ref: string; name: string; email?: string } | null {
  const user = useSession().data?.user;
  const entity = useQuery({
    ...entityQuery(parseRef(user?.ref ?? 'user:default/nobody')),
    enabled: !!user,
    retry: false,
    staleTime: 300_000,
  }).data;
  if (!user) return null;
  const profile = entity?.spec?.profile;
  return { ref: user.ref, name: profile?.displayName ?? nameOf(user), email: profile?.email ?? user.email };
}
