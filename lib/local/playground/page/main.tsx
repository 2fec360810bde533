import { render } from 'preact';
import { App } from './components/app.tsx';
import { followRuns } from './live-events.ts';
import { resume } from './play.ts';

const place = document.getElementById('playground');
if (place !== null) {
  render(<App />, place);
  followRuns();
  void resume();
}
