/** Every outcome that a guarded request can have. The tests check that none has been forgotten. */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import middy from '@middy/core';
import {
  DynamoDbStore,
  type HttpOptions,
  type IdempotencyEvent,
  type IdempotentContext,
  idempotency,
  idempotent,
  type Reconcile,
  type Reconciliation,
} from '../../lib/index.ts';
import { lambdaContext } from '../support/events.ts';
import {
  answered,
  type Form,
  failed,
  MARKERS,
  MarkedPlay,
  type Stage,
  type Work,
  wrapped,
} from './marked-play.ts';

/** Far beyond every lease of this play, and within the retention. */
const MUCH_LATER_MS = 3_600_000;
/** Below what the play calls too large. */
const BOUNDED = { resultMaxBytes: 100_000 };
const LATER: HttpOptions = { now: () => Date.now() + MUCH_LATER_MS };

export async function playEveryOutcome(form: Form, stage: Stage): Promise<MarkedPlay> {
  const play = new MarkedPlay(form, stage);
  try {
    await playDuplicates(play);
    await playWaiting(play);
    await playFailures(play);
    await playDoubt(play);
    await playReconciliation(play);
    await playTakeovers(play);
    await playLargeResults(play);
    await playUnkeptResults(play);
    await playCommits(play);
    await playSteps(play);
    await playRefusedRequests(play);
    await playStoreFailures(play, stage);
    if (form === 'middleware') await playFrozenProcess(play);
    await playListeners(play);
    await playKeyedEvents(play);
  } finally {
    play.close();
  }
  return play;
}

async function playDuplicates(play: MarkedPlay): Promise<void> {
  const key = play.newKey();
  await play.sendMeanwhile(play.event(key), () => play.send(play.guard(answered), play.event(key)));
  await play.send(play.guard(answered), play.event(key));
  await play.send(play.guard(answered), play.event(key, { note: 'other' }));
}

/** In vain: once with a store that can be read, and once with one that cannot. */
async function playWaiting(play: MarkedPlay): Promise<void> {
  for (const store of [play.store, play.failingAt('read')]) {
    const event = play.event(play.newKey());
    const waiting = play.guard(answered, { store, onInProgress: { waitMs: 50 } });
    await play.sendMeanwhile(event, () => play.send(waiting, event));
  }
}

async function playFailures(play: MarkedPlay): Promise<void> {
  await play.send(play.guard(failed), play.event(play.newKey()));
  await play.send(
    play.guard(async () => ({ statusCode: 500, body: MARKERS.response })),
    play.event(play.newKey()),
  );
  await play.sendMeanwhile(play.event(play.newKey()), () => play.deleteLastRecord(), { work: failed });
}

async function inDoubt(): Promise<unknown> {
  return { statusCode: 504, body: MARKERS.response };
}

async function playDoubt(play: MarkedPlay): Promise<void> {
  const key = play.newKey();
  await play.send(play.guard(inDoubt), play.event(key));
  await play.send(play.guard(answered, { ...LATER, onUncertain: 'block' }), play.event(key));
  await play.send(play.guard(answered, LATER), play.event(key));
}

async function playReconciliation(play: MarkedPlay): Promise<void> {
  const found: Reconciliation = { outcome: 'completed', answer: { statusCode: 201, body: MARKERS.response } };
  const functions: readonly Reconcile[] = [
    () => found,
    () => ({ outcome: 'run' }),
    () => ({ outcome: 'blocked' }),
    () => failed(),
    () => ({ outcome: MARKERS.response }) as never,
    () => ({ outcome: 'completed', answer: { statusCode: 500, body: MARKERS.response } }),
  ];
  for (const onUncertain of functions) {
    const key = play.newKey();
    await play.send(play.guard(inDoubt), play.event(key));
    await play.send(play.guard(answered, { ...LATER, onUncertain }), play.event(key));
  }
  const key = play.newKey();
  await play.send(play.guard(inDoubt), play.event(key));
  const blocked: HttpOptions = { ...LATER, onUncertain: () => ({ outcome: 'blocked' }) };
  await play.send(play.guard(answered, { ...blocked, store: play.failingAt('renew') }), play.event(key));
}

/** Superseded by an attempt that has finished, and by one that has not. */
async function playTakeovers(play: MarkedPlay): Promise<void> {
  const finished = play.newKey();
  await play.sendMeanwhile(play.event(finished), () =>
    play.send(play.guard(answered, LATER), play.event(finished)),
  );

  const running = play.newKey();
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let successor = Promise.resolve();
  await play.sendMeanwhile(
    play.event(running),
    () =>
      new Promise<void>((takenOver) => {
        const begin = async () => {
          takenOver();
          await released;
        };
        successor = play.sendMeanwhile(play.event(running), begin, { options: LATER });
      }),
  );
  release();
  await successor;
}

/** In a form that has to be compressed, and in one that does not fit the record even so. */
async function playLargeResults(play: MarkedPlay): Promise<void> {
  const noise = randomBytes(100_000).toString('base64');
  for (const body of [MARKERS.response.repeat(1000), MARKERS.response + noise]) {
    const key = play.newKey();
    const guarded = play.guard(async () => ({ statusCode: 200, body }));
    await play.send(guarded, play.event(key));
    await play.send(guarded, play.event(key));
  }
}

async function playUnkeptResults(play: MarkedPlay): Promise<void> {
  const tooLarge = MARKERS.response.repeat(30_000);
  const notSerializable = { value: MARKERS.response, size: 1n };
  for (const body of [tooLarge, notSerializable]) {
    const key = play.newKey();
    const guarded = play.guard(async () => ({ statusCode: 200, body }), BOUNDED);
    await play.send(guarded, play.event(key));
    await play.send(guarded, play.event(key));
  }
}

async function playCommits(play: MarkedPlay): Promise<void> {
  const applied = play.newKey();
  for (let sent = 0; sent < 2; sent += 1) {
    await play.send(play.guard(play.committing('applied')), play.event(applied));
  }
  await play.send(play.guard(play.committing('condition-failed')), play.event(play.newKey()));
  await play.send(play.guard(play.committing('invalid')), play.event(play.newKey()));
  for (const store of [play.failingAt('completeWith'), play.failingAt('completeWith', 'release')]) {
    await play.send(play.guard(play.committing('applied'), { store }), play.event(play.newKey()));
  }
  // Without a lock, the same.
  for (const end of ['applied', 'condition-failed', 'invalid'] as const) {
    await play.send(play.guard(play.committing(end)), play.event(undefined, { method: 'PUT' }));
  }
}

/** Steps that are recorded, skipped, kept over a failure, not recorded, and too late. */
async function playSteps(play: MarkedPlay): Promise<void> {
  const charge: Work = ({ idempotency }) => idempotency.step('charge', answered);
  const failsBehind: Work = async (context) => {
    await charge(context);
    return failed();
  };
  const key = play.newKey();
  await play.send(play.guard(failsBehind), play.event(key));
  await play.send(play.guard(charge), play.event(key));
  await play.send(play.guard(failsBehind), play.event(play.newKey()));

  for (const result of [{ value: MARKERS.response, size: 1n }, MARKERS.response.repeat(30_000)]) {
    await play.send(
      play.guard(({ idempotency }) => idempotency.step('charge', () => result)),
      play.event(play.newKey()),
    );
  }
  const store = play.failingAt('recordStep', 'renew');
  await play.send(play.guard(charge, { store }), play.event(play.newKey()));

  const late = play.newKey();
  const overtaken: Work = ({ idempotency }) =>
    idempotency.step('charge', () => play.send(play.guard(charge, LATER), play.event(late)));
  await play.send(play.guard(overtaken), play.event(late));

  // More than a third of the shortest lease there is: it is renewed, or not, while the handler is at work.
  const works: Work = async () => {
    await pause(400);
    return answered();
  };
  for (const renewing of [play.store, play.failingAt('renew')]) {
    const options = { store: renewing, renewedLeaseMs: 1_000 };
    await play.send(play.guard(works, options), play.event(play.newKey()));
  }
}

async function playRefusedRequests(play: MarkedPlay): Promise<void> {
  const { key } = MARKERS;
  const guarded = play.guard(answered);
  const malformed = ['', `${key}, ${key}`, `"${key}`, `${key} ${key}`, `${key}\u0000`, key.repeat(30)];
  for (const value of [undefined, ...malformed]) await play.send(guarded, play.event(value));
  await play.send(play.guard(answered, { keyRequired: false }), play.event(undefined));
  await play.send(guarded, play.event(play.newKey(), { method: 'GET' }));

  const unknownCaller = play.event(play.newKey());
  Object.assign(unknownCaller.requestContext, { authorizer: { lambda: { tenant: MARKERS.caller } } });
  await play.send(guarded, unknownCaller);
  await play.send(guarded, { Records: [{ body: MARKERS.payload }] });
}

async function playStoreFailures(play: MarkedPlay, { client }: Stage): Promise<void> {
  const withoutTable = new DynamoDbStore({ tableName: 'no-such-table', client });
  for (const store of [play.broken, withoutTable, play.failingAt('complete')]) {
    await play.send(play.guard(answered, { store }), play.event(play.newKey()));
  }
  await play.send(play.guard(failed, { store: play.failingAt('release') }), play.event(play.newKey()));
  await play.send(
    play.guard(answered, { store: play.broken, onStoreUnavailable: 'run-unguarded' }),
    play.event(play.newKey()),
  );
  const spoiled = play.newKey();
  await play.send(play.guard(answered), play.event(spoiled));
  await play.spoilLastRecord();
  await play.send(play.guard(answered), play.event(spoiled));
}

/**
 * Only Middy answers before its handler does, and only then is the record looked at. Its timer runs on the machine's clock;
 * the invocation's own one says that the deadline has long passed.
 */
async function playFrozenProcess(play: MarkedPlay): Promise<void> {
  let nowMs = Date.now();
  const deadline = nowMs + 20;
  const frozen = middy(async () => new Promise<never>(() => {}), {
    timeoutEarlyResponse: () => {
      nowMs += MUCH_LATER_MS;
      return { statusCode: 202, body: MARKERS.response };
    },
  }).use(idempotency(play.options({ store: play.failingAt('read'), now: () => nowMs })));
  const context = { ...lambdaContext(), getRemainingTimeInMillis: () => deadline - nowMs };
  await play.send(
    // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
    (event, bareContext) => frozen(event, bareContext as IdempotentContext),
    play.event(play.newKey()),
    context,
  );
}

/** The listener that is there by default, which warns on standard error, and one that throws. */
async function playListeners(play: MarkedPlay): Promise<void> {
  const byDefault: HttpOptions = { store: play.failingAt('complete'), namespace: 'test' };
  await play.send(wrapped(answered, byDefault), play.event(play.newKey()));
  const onEvent = (event: IdempotencyEvent) => {
    throw new Error(`the listener failed on ${event.type}`);
  };
  await play.send(play.guard(answered, { onEvent }), play.event(play.newKey()));
}

/** Events that are no HTTP requests: refusals are thrown, and their callers log what is thrown. */
async function playKeyedEvents(play: MarkedPlay): Promise<void> {
  interface Message {
    readonly id: unknown;
    readonly body: string;
  }
  const options = {
    store: play.store,
    namespace: 'test',
    ...BOUNDED,
    // The key is checked at run time, since callers are not all compiled.
    key: (message: Message) => message.id as string,
    fingerprint: (message: Message) => message.body,
  };
  const send = async (message: Message, result: unknown = MARKERS.response) => {
    const guarded = idempotent(async (_message: Message) => result, options);
    await guarded(message, lambdaContext()).catch((error: unknown) => play.errors.push(error));
  };
  const body = MARKERS.payload;
  const id = play.newKey();
  await send({ id, body });
  await send({ id, body });
  await send({ id, body: `${body} changed` });
  await send({ id: [MARKERS.key], body });
  await send({ id: '', body });
  for (const result of [MARKERS.response.repeat(30_000), { value: MARKERS.response, size: 1n }]) {
    const unkept = play.newKey();
    await send({ id: unkept, body }, result);
    await send({ id: unkept, body }, result);
  }
}
