import { Masthead } from '../components/masthead.tsx';
import { everybodyAtOnce, rush } from './actions.ts';
import { repeat } from './box-office.ts';
import { SeatButton } from './seat-button.tsx';
import { answers, booked, held, isRushing, seats, told, USERS, user } from './theatre.ts';

export function SeatsApp() {
  return (
    <>
      <Masthead title="Many users, one seat" other={{ href: '/', title: 'One user, many sends' }}>
        An idempotency key is for one caller who sends a request many times. Here many callers want one thing,
        each with keys of their own: one of them gets the seat, and the others are told so. Press a seat to
        hold it, and press it again to book it.
      </Masthead>
      <main class="theatre">
        <Stage />
        <div class="foyer">
          <Users />
          <Actions />
          <Answers />
        </div>
      </main>
    </>
  );
}

function Stage() {
  return (
    <section class="panel hall" aria-labelledby="hall-title">
      <h2 id="hall-title">The hall</h2>
      <div class="seats">
        {Object.entries(seats.value).map(([seatId, seat]) => (
          <SeatButton key={seatId} seatId={seatId} seat={seat} />
        ))}
      </div>
      <dl class="counters">
        <Count name="held" value={held.value} />
        <Count name="booked" value={booked.value} />
        <Count name="answers that took effect" value={answers.value.won} />
        <Count name="refused" value={answers.value.refused} />
        <Count name="replayed" value={answers.value.replayed} />
      </dl>
    </section>
  );
}

function Count({ name, value }: { readonly name: string; readonly value: number }) {
  return (
    <div class="counter">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Users() {
  return (
    <fieldset class="users">
      <legend>You are</legend>
      {USERS.map((name) => (
        <label key={name}>
          <input
            type="radio"
            name="user"
            checked={user.value === name}
            onChange={() => {
              user.value = name;
            }}
          />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  );
}

const ACTIONS = [
  {
    id: 'everybody',
    title: 'All four at once',
    hint: 'The same seat, four keys: one hold, three refusals',
    act: everybodyAtOnce,
  },
  {
    id: 'repeat',
    title: 'Send the last one again',
    hint: 'The same key: the same answer, and nothing is done',
    act: repeat,
  },
  { id: 'rush', title: 'A hundred users', hint: 'Each wants one of the seats that are left', act: rush },
] as const;

function Actions() {
  return (
    <div class="actions">
      {ACTIONS.map(({ id, title, hint, act }) => (
        <button
          key={id}
          type="button"
          class="scenario"
          data-action={id}
          aria-disabled={isRushing.value}
          onClick={() => {
            if (!isRushing.value) void act();
          }}
        >
          <span class="scenario-title">{title}</span>
          <span class="scenario-hint">{hint}</span>
        </button>
      ))}
    </div>
  );
}

function Answers() {
  return (
    <section class="answers" aria-labelledby="answers-title">
      <h2 id="answers-title">What was answered</h2>
      <div role="log" aria-label="Answers, newest first">
        <ol>
          {told.value.map(({ id, outcome, sentence }) => (
            <li key={id} class={`answer answer-${outcome}`}>
              {sentence}
            </li>
          ))}
        </ol>
      </div>
      {told.value.length === 0 && <p class="answers-none">Nothing yet. Press a seat.</p>}
    </section>
  );
}
