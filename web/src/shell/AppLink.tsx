import { useRouter } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, MouseEvent, ReactNode } from 'react';

interface AppLinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  href: string;
  children?: ReactNode;
}

export const isInternal = (href: string) => href.startsWith('/') && !href.startsWith('/api/') && !/^\/\//.test(href);

/** An anchor that stays in the portal where it can; outside links open as the browser wants. Pass it to Mantine's `component`. */
export function AppLink({ href, onClick, children, ...rest }: AppLinkProps) {
  const router = useRouter();
  const internal = isInternal(href);
  const click = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (event.defaultPrevented || !internal || !plain) return;
    event.preventDefault();
    event.stopPropagation();
    router.history.push(href);
  };
  const outside = internal ? {} : { target: '_blank', rel: 'noreferrer noopener' };
  return (
    <a
      href={href}
      onClick={click}
      onMouseEnter={
        internal
          ? () => void router.preloadRoute({ to: href.split(/[?#]/)[0] as never }).catch(() => undefined)
          : undefined
      }
      {...outside}
      {...rest}
    >
      {children}
    </a>
  );
}
