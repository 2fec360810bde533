import type { ComponentChildren } from 'preact';
import { connection } from '../event-source.ts';
import { ThemeChoice } from './theme-choice.tsx';

const CONNECTION_WORDS = {
  connecting: 'connecting',
  open: 'live',
  lost: 'server gone, reconnecting',
} as const;

export interface MastheadProps {
  readonly title: string;
  /** What the page is about. */
  readonly children: ComponentChildren;
  readonly other: { readonly href: string; readonly title: string };
}

export function Masthead({ title, children, other }: MastheadProps) {
  return (
    <header class="masthead">
      <div>
        <h1>{title}</h1>
        <p class="lead">{children}</p>
      </div>
      <div class="masthead-tools">
        <a class="other-page" href={other.href}>
          {other.title}
        </a>
        <p class={`connection connection-${connection.value}`}>{CONNECTION_WORDS[connection.value]}</p>
        <ThemeChoice />
      </div>
    </header>
  );
}
