import { Cart } from './cart.tsx';
import { Controls } from './controls.tsx';
import { KeyPanel } from './key-panel.tsx';
import { Masthead } from './masthead.tsx';
import { StoredRecords } from './stored-records.tsx';
import { Story } from './story.tsx';

export function App() {
  return (
    <>
      <Masthead title="Safe to retry" other={{ href: '/seats', title: 'Many users, one seat' }}>
        Send a request twice and it takes effect once. Press a button: real requests go to the sample API, and
        all that is drawn here is what the server and its tables report.
      </Masthead>
      <main class="board">
        <Controls />
        <Story />
        <div class="evidence">
          <KeyPanel />
          <Cart />
          <StoredRecords />
        </div>
      </main>
    </>
  );
}
