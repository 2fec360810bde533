import { Cart } from './cart.tsx';
import { Controls } from './controls.tsx';
import { KeyPanel } from './key-panel.tsx';
import { Masthead } from './masthead.tsx';
import { StoredRecords } from './stored-records.tsx';
import { Story } from './story.tsx';

export function App() {
  return (
    <>
      <Masthead />
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
