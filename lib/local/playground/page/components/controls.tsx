import { play } from '../play.ts';
import { lostRepliesPercent, lostRequestsPercent, run, workMs } from '../playground-state.ts';
import { SCENARIO_GROUPS, type Scenario } from '../scenarios.ts';
import { Slider } from './slider.tsx';

export function Controls() {
  return (
    <section class="controls" aria-labelledby="controls-title">
      <h2 id="controls-title" class="visually-hidden">
        What to try
      </h2>
      {SCENARIO_GROUPS.map(({ title, scenarios }) => (
        <div class="scenario-group" key={title}>
          <h3>{title}</h3>
          <ul>
            {scenarios.map((scenario) => (
              <li key={scenario.id}>
                <ScenarioButton scenario={scenario} />
              </li>
            ))}
          </ul>
        </div>
      ))}
      <div class="sliders">
        <h3>Trouble</h3>
        <Slider label="Work of the handler" value={workMs} max={3_000} step={100} words={inSeconds} />
        <Slider label="Requests lost" value={lostRequestsPercent} max={100} step={5} words={inPercent} />
        <Slider label="Replies lost" value={lostRepliesPercent} max={100} step={5} words={inPercent} />
      </div>
    </section>
  );
}

function ScenarioButton({ scenario }: { readonly scenario: Scenario }) {
  const isBusy = run.value?.isOwn === true && !run.value.isOver;
  const isShown = run.value?.isOwn === true && run.value.title === scenario.title;
  return (
    // Not `disabled`, which would take the focus away from whoever has just pressed it.
    <button
      type="button"
      class="scenario"
      data-scenario={scenario.id}
      aria-disabled={isBusy}
      aria-current={isShown ? 'true' : undefined}
      onClick={() => {
        if (isBusy) return;
        showStory();
        void play(scenario);
      }}
    >
      <span class="scenario-title">{scenario.title}</span>
      <span class="scenario-hint">{scenario.hint}</span>
    </button>
  );
}

/** On a narrow screen the story is below the buttons. */
function showStory(): void {
  const story = document.getElementById('story');
  if (story === null || story.getBoundingClientRect().top < innerHeight / 2) return;
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  story.scrollIntoView({ behavior: isCalm ? 'auto' : 'smooth' });
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function inPercent(percent: number): string {
  return `${percent} %`;
}
