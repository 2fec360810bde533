import { connection } from '../playground-state.ts';
import { ThemeChoice } from './theme-choice.tsx';

const CONNECTION_WORDS = {
  connecting: 'connecting',
  open: 'live',
  lost: 'server gone, reconnecting',
} as const;

export function Masthead() {
  return (
    <header class="masthead">
      <div>
        <h1>Safe to retry</h1>
        <p class="lead">
          Send a request twice and it takes effect once. Press a button: real requests go to the sample API,
          and all that is drawn here is what the server and its tables report.
        </p>
      </div>
      <div class="masthead-tools">
        <p class={`connection connection-${connection.value}`}>{CONNECTION_WORDS[connection.value]}</p>
        <ThemeChoice />
      </div>
    </header>
  );
}
