import { run, sentence } from '../playground-state.ts';
import { Counters } from './counters.tsx';
import { SequenceDiagram } from './sequence-diagram.tsx';

export function Story() {
  const current = run.value;
  return (
    <section class="story" id="story" aria-labelledby="story-title">
      <div class="verdict">
        <h2 id="story-title">{current?.title ?? 'What happens'}</h2>
        {/* Always there, since what is announced is a change of what is in it. */}
        <p class="sentence" role="status">
          {sentence.value}
        </p>
        {sentence.value === undefined && (
          <p class="sentence sentence-pending">
            {current === undefined ? 'Nothing yet. Start with “Add once”.' : 'Under way …'}
          </p>
        )}
        <Counters />
      </div>
      <SequenceDiagram run={current} />
    </section>
  );
}
